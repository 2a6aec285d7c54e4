//! `orderctl user role`, `disable` and `enable`.

use super::Context;
use accounts::{ChangedBy, Email, FormerVendor, Role, UserChange, UserItem};
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;

pub async fn role(context: &Context, email: &Email, role: Role) -> anyhow::Result<()> {
    let item = update(context, email, UserChange { role: Some(role), ..UserChange::default() }).await?;
    println!("{} is {} now", email.as_str(), item.user.role);
    Ok(())
}

pub async fn disabled(context: &Context, email: &Email, is_disabled: bool) -> anyhow::Result<()> {
    let change = UserChange { is_disabled: Some(is_disabled), ..UserChange::default() };
    let item = update(context, email, change).await?;
    println!("{} is {} now", email.as_str(), if item.disabled_at.is_some() { "disabled" } else { "active" });
    Ok(())
}

async fn update(context: &Context, email: &Email, change: UserChange) -> anyhow::Result<UserItem> {
    let (user, auditor) = (context.find(email).await?, &context.auditor);
    let (by, sinks) = ((ChangedBy::Operator, None), (auditor, &WithdrawProducts));
    Ok(context.accounts.update_user(user.id, change, by, auditor.at, sinks).await?)
}

struct WithdrawProducts;

impl FormerVendor for WithdrawProducts {
    async fn stop_selling(&self, tx: &mut PgConnection, vendor: UserId, now: Timestamp) -> sqlx::Result<()> {
        catalogue::withdraw_products_of(tx, vendor, now).await.map(drop)
    }
}
