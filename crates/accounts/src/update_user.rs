//! Use case: an admin, or an operator at the command line, changes the role of a user, or disables or enables them.

use crate::store::{self, Account, Revocation};
use crate::{AccountError, Accounts, Role, User, UserItem};
use domain::Timestamp;
use domain::ids::UserId;
use platform::audit::{AuditRecord, AuditSink};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// What to change; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserChange {
    pub role: Option<Role>,
    pub is_disabled: Option<bool>,
    /// Forget the failed logins of the user, from all addresses: those of an address stay counted.
    pub unlock: bool,
}

/// Who changes a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// Must still be an admin when the change is stored, and can't change themselves: so one admin always remains.
    Admin(UserId),
    /// A person with access to the database.
    Operator,
}

/// What else must happen in the transaction when a user stops being a vendor, or is disabled as one.
pub trait FormerVendor: Send + Sync {
    fn stop_selling(
        &self,
        tx: &mut PgConnection,
        vendor: UserId,
        now: Timestamp,
    ) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl Accounts {
    /// Applies the change. What is already so stays as it is. A new role or a disabled account ends all sessions.
    pub async fn update_user(
        &self,
        user: UserId,
        change: UserChange,
        (by, reason): (ChangedBy, Option<String>),
        now: Timestamp,
        (audit, vendors): (&impl AuditSink, &impl FormerVendor),
    ) -> Result<UserItem, AccountError> {
        let mut tx = platform::postgres::begin(&self.pool).await?;
        let before = lock(&mut tx, user, by).await?;
        if store::erasures::find(&mut tx, user).await?.is_some() {
            return Err(AccountError::Erased);
        }
        let mut after = before.clone();
        if let Some(role) = change.role.filter(|role| *role != before.user.role) {
            after.user.role = role;
            store::change_role(&mut tx, user, before.user.role, role, by.id(), now).await?;
            store::revoke_sessions_of(&mut tx, user, None, Revocation::RoleChange, now).await?;
            let (old, new) = (json!({ "role": before.user.role }), json!({ "role": role }));
            audit.record(&mut tx, record("user.grant_role", user, reason.clone(), old, new)).await?;
        }
        if let Some(is_disabled) = change.is_disabled.filter(|is_disabled| *is_disabled != before.is_disabled) {
            after.is_disabled = is_disabled;
            store::set_disabled(&mut tx, user, is_disabled, now).await?;
            store::revoke_sessions_of(&mut tx, user, None, Revocation::Disabled, now).await?;
            let action = if is_disabled { "user.disable" } else { "user.enable" };
            let (old, new) = (json!({ "disabled": before.is_disabled }), json!({ "disabled": is_disabled }));
            audit.record(&mut tx, record(action, user, reason.clone(), old, new)).await?;
        }
        if change.unlock {
            audit.record(&mut tx, unlock_record(user, reason)).await?;
        }
        if sells(&before) && !sells(&after) {
            vendors.stop_selling(&mut tx, user, now).await?;
        }
        let item = store::find_user_item(&mut tx, user).await?.ok_or(AccountError::UnknownUser)?;
        tx.commit().await?;
        self.forget_status(user);
        if change.unlock && !self.throttle.lift(before.user.email.as_str()).await {
            return Err(AccountError::ThrottleUnavailable);
        }
        Ok(item)
    }

    /// Whether the user exists and may own products.
    pub async fn may_sell(&self, user: UserId) -> Result<bool, AccountError> {
        let found = store::find_account(&mut *platform::postgres::reader(&self.pool).await?, user).await?;
        Ok(found.is_some_and(|account| sells(&account)))
    }

    /// Gives `user` the role on behalf of an admin.
    pub async fn grant_role(
        &self,
        user: UserId,
        role: Role,
        granted_by: UserId,
        now: Timestamp,
        (audit, vendors): (&impl AuditSink, &impl FormerVendor),
    ) -> Result<User, AccountError> {
        let change = UserChange { role: Some(role), ..UserChange::default() };
        let by = (ChangedBy::Admin(granted_by), None);
        Ok(self.update_user(user, change, by, now, (audit, vendors)).await?.user)
    }
}

impl ChangedBy {
    /// An operator is recorded as the nil UUID.
    fn id(self) -> UserId {
        match self {
            Self::Admin(admin) => admin,
            Self::Operator => UserId::from_uuid(Uuid::nil()),
        }
    }
}

/// Vendors and admins sell products.
fn sells(account: &Account) -> bool {
    !account.is_disabled && matches!(account.user.role, Role::Vendor | Role::Admin)
}

/// The account of `user`, locked together with that of the admin: when two admins disable each other at the same
/// moment, the second request is refused.
pub(crate) async fn lock(tx: &mut PgConnection, user: UserId, by: ChangedBy) -> Result<Account, AccountError> {
    let ids = match by {
        ChangedBy::Admin(admin) if admin == user => return Err(AccountError::OwnAccount),
        ChangedBy::Admin(admin) => vec![user, admin],
        ChangedBy::Operator => vec![user],
    };
    let mut accounts = store::lock_accounts(tx, &ids).await?;
    if let ChangedBy::Admin(admin) = by {
        let is_admin = |account: &Account| account.user.role == Role::Admin && !account.is_disabled;
        if !accounts.iter().any(|account| account.user.id == admin && is_admin(account)) {
            return Err(AccountError::NotAdmin);
        }
    }
    let place = accounts.iter().position(|account| account.user.id == user).ok_or(AccountError::UnknownUser)?;
    Ok(accounts.swap_remove(place))
}

fn unlock_record(user: UserId, reason: Option<String>) -> AuditRecord {
    AuditRecord { action: "user.unlock", subject: format!("user:{user}"), reason, before: None, after: None }
}

fn record(action: &'static str, user: UserId, reason: Option<String>, before: Value, after: Value) -> AuditRecord {
    AuditRecord { action, subject: format!("user:{user}"), reason, before: Some(before), after: Some(after) }
}
