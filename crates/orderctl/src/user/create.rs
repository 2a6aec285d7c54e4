//! `orderctl user create` and `orderctl user reset-password`.

use super::password::{ChosenPassword, PasswordSource};
use super::{Context, parse_role};
use accounts::{Email, NewUser, Role};

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    #[arg(long)]
    email: Email,
    /// `customer`, `vendor`, `support` or `admin`.
    #[arg(long, value_parser = parse_role)]
    role: Role,
    #[command(flatten)]
    password: PasswordSource,
}

pub async fn create(context: &Context, args: CreateArgs) -> anyhow::Result<()> {
    let CreateArgs { email, role, password } = args;
    let ChosenPassword { password, generated } = password.choose()?;
    let must_change_password = generated.is_some();
    let new = NewUser { email: email.clone(), password, role, must_change_password };
    let user = context.accounts.create_user(new, &context.auditor).await?;
    println!("created {} {} with id {}", user.role, email.as_str(), user.id);
    print_generated(generated.as_deref());
    Ok(())
}

pub async fn reset_password(context: &Context, email: &Email, source: PasswordSource) -> anyhow::Result<()> {
    let user = context.find(email).await?;
    let ChosenPassword { password, generated } = source.choose()?;
    context.accounts.reset_password(user.id, password, &context.auditor).await?;
    println!("{} must log in again, and change the password then", email.as_str());
    print_generated(generated.as_deref());
    Ok(())
}

/// On a line of its own, so that a script can take it.
fn print_generated(password: Option<&str>) {
    if let Some(password) = password {
        println!("password, shown only now, to be changed at the first login:\n{password}");
    }
}
