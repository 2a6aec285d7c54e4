//! `orderctl user role`, `disable` and `enable`.

use super::{auditor, find};
use accounts::{Accounts, ChangedBy, Email, FormerVendor, Role, UserChange, UserItem};
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;

pub async fn role(accounts: &Accounts, email: &Email, role: Role) -> anyhow::Result<()> {
    let item = update(accounts, email, UserChange { role: Some(role), ..UserChange::default() }).await?;
    println!("{} is {} now", email.as_str(), item.user.role);
    Ok(())
}

pub async fn disabled(accounts: &Accounts, email: &Email, is_disabled: bool) -> anyhow::Result<()> {
    let change = UserChange { is_disabled: Some(is_disabled), ..UserChange::default() };
    let item = update(accounts, email, change).await?;
    println!("{} is {} now", email.as_str(), if item.disabled_at.is_some() { "disabled" } else { "active" });
    Ok(())
}

async fn update(accounts: &Accounts, email: &Email, change: UserChange) -> anyhow::Result<UserItem> {
    let (user, auditor) = (find(accounts, email).await?, auditor());
    let by = (ChangedBy::Operator, None);
    Ok(accounts.update_user(user.id, change, by, auditor.at, (&auditor, &WithdrawProducts)).await?)
}

struct WithdrawProducts;

impl FormerVendor for WithdrawProducts {
    async fn stop_selling(&self, tx: &mut PgConnection, vendor: UserId, now: Timestamp) -> sqlx::Result<()> {
        catalogue::withdraw_products_of(tx, vendor, now).await.map(drop)
    }
}
