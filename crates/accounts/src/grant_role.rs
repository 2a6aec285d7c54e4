//! An admin makes somebody customer, vendor or admin. All their tokens die with the old role.

use crate::store::{self, Revocation};
use crate::{AccountError, Accounts, Role, User};
use domain::Timestamp;
use domain::ids::UserId;
use platform::witness::{Change, Witness};
use serde_json::json;

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
        let account = store::lock_account(&mut tx, user).await?.ok_or(AccountError::UnknownUser)?;
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
