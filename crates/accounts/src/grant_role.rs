//! An admin makes somebody customer, vendor or admin. All their tokens die with the old role.
//!
//! The granter is an admin when the change commits and keeps their own role, so there is always an admin left.

use crate::store::{self, Account, Revocation};
use crate::{AccountError, Accounts, Role, User};
use domain::Timestamp;
use domain::ids::UserId;
use platform::witness::{Change, Witness};
use serde_json::json;
use sqlx::PgConnection;

impl Accounts {
    /// Gives `user` the role, by order of `granted_by`. Granting what they have already changes nothing.
    pub async fn grant_role(
        &self,
        user: UserId,
        role: Role,
        granted_by: UserId,
        now: Timestamp,
        witness: &impl Witness,
    ) -> Result<User, AccountError> {
        if user == granted_by {
            return Err(AccountError::OwnRole);
        }
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let account = lock_both(&mut tx, user, granted_by).await?;
        if account.user.role == role {
            return Ok(account.user);
        }
        store::change_role(&mut tx, user, account.user.role, role, granted_by, now).await?;
        store::revoke_families_of(&mut tx, user, Revocation::RoleChange, now).await?;
        let change = Change {
            action: "user.grant_role",
            subject: format!("user:{user}"),
            reason: None,
            before: Some(json!({ "role": account.user.role })),
            after: Some(json!({ "role": role })),
        };
        witness.note(&mut tx, change).await?;
        tx.commit().await?;
        self.standings.forget(user);
        tracing::info!(user.id = %user, granted_by = %granted_by, role = %role, "A role was granted");
        Ok(User { role, ..account.user })
    }
}

/// The account of `user`, locked together with that of `granted_by`, who must still be an admin: of two who take each
/// other's role at the same moment the second one is refused.
async fn lock_both(tx: &mut PgConnection, user: UserId, granted_by: UserId) -> Result<Account, AccountError> {
    let mut accounts = store::lock_accounts(tx, &[user, granted_by]).await?;
    let is_admin = |account: &Account| account.user.role == Role::Admin && !account.is_disabled;
    if !accounts.iter().any(|account| account.user.id == granted_by && is_admin(account)) {
        return Err(AccountError::NotAdmin);
    }
    let place = accounts.iter().position(|account| account.user.id == user).ok_or(AccountError::UnknownUser)?;
    Ok(accounts.swap_remove(place))
}
