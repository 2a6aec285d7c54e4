//! `orderctl user list` and `sessions`: one line per row, columns separated by tabs.

use super::{Context, parse_role};
use accounts::{Email, Role, UserFilter};
use domain::page::PageSize;

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// The beginning of the e-mail address.
    #[arg(long)]
    q: Option<String>,
    #[arg(long, value_parser = parse_role)]
    role: Option<Role>,
}

pub async fn list(context: &Context, args: ListArgs) -> anyhow::Result<()> {
    let filter = UserFilter { email_prefix: args.q, role: args.role, ..UserFilter::default() };
    let mut after = None;
    println!("id\te-mail\trole\tstatus\tcreated");
    loop {
        let page = context.accounts.list_users(&filter, after, PageSize::MAX).await?;
        for item in &page.items {
            let status = if item.disabled_at.is_some() { "disabled" } else { "active" };
            let user = &item.user;
            println!("{}\t{}\t{}\t{status}\t{}", user.id, user.email, user.role, user.created_at.to_rfc3339());
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

pub async fn sessions(context: &Context, email: &Email) -> anyhow::Result<()> {
    let user = context.find(email).await?;
    println!("id\tlast used\taddress\tprogram");
    for session in context.accounts.list_sessions(user.id, platform::clock::now()).await? {
        let (address, program) = (session.client_address.unwrap_or_default(), session.user_agent.unwrap_or_default());
        println!("{}\t{}\t{address}\t{program}", session.id.as_uuid(), session.last_used_at.to_rfc3339());
    }
    Ok(())
}
