//! An admin grants a role to another user. All tokens issued under the old role are revoked.
//!
//! The granting admin must be an admin when the change commits and can't change their own role, so there is always an
//! admin left.

use crate::store::{self, Account, Revocation};
use crate::{AccountError, Accounts, Role, User};
use domain::Timestamp;
use domain::ids::UserId;
use platform::audit::{AuditRecord, AuditSink};
use serde_json::json;
use sqlx::PgConnection;

impl Accounts {
    /// Gives `user` the role on behalf of `granted_by`. Granting the role that `user` already has changes nothing.
    pub async fn grant_role(
        &self,
        user: UserId,
        role: Role,
        granted_by: UserId,
        now: Timestamp,
        audit: &impl AuditSink,
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
        let change = AuditRecord {
            action: "user.grant_role",
            subject: format!("user:{user}"),
            reason: None,
            before: Some(json!({ "role": account.user.role })),
            after: Some(json!({ "role": role })),
        };
        audit.record(&mut tx, change).await?;
        tx.commit().await?;
        self.status_cache.invalidate(user);
        tracing::info!(user.id = %user, granted_by = %granted_by, role = %role, "A role was granted");
        Ok(User { role, ..account.user })
    }
}

/// The account of `user`, locked together with that of `granted_by`, who must still be an admin: when two admins revoke
/// each other's role at the same moment, the second request is refused.
async fn lock_both(tx: &mut PgConnection, user: UserId, granted_by: UserId) -> Result<Account, AccountError> {
    let mut accounts = store::lock_accounts(tx, &[user, granted_by]).await?;
    let is_admin = |account: &Account| account.user.role == Role::Admin && !account.is_disabled;
    if !accounts.iter().any(|account| account.user.id == granted_by && is_admin(account)) {
        return Err(AccountError::NotAdmin);
    }
    let place = accounts.iter().position(|account| account.user.id == user).ok_or(AccountError::UnknownUser)?;
    Ok(accounts.swap_remove(place))
}
