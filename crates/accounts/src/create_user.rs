//! Use cases of operators at the command line: create an account with any role, and reset a password.

use crate::store::{self, Revocation};
use crate::{AccountError, Accounts, Email, Password, PasswordHasher, Role, User};
use domain::Timestamp;
use domain::ids::UserId;
use platform::audit::{AuditRecord, AuditSink};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// An account to create.
#[derive(Debug)]
pub struct NewUser {
    pub email: Email,
    pub password: Password,
    pub role: Role,
    /// Whether the user must replace the password at the first login, because somebody else knows it.
    pub must_change_password: bool,
}

impl Accounts {
    /// Creates the account. An address that has one is refused.
    pub async fn create_user(&self, new: NewUser, audit: &impl AuditSink) -> Result<User, AccountError> {
        let now = platform::clock::now();
        let (user, hash, must_change_password) = prepare(&self.hasher, new, now).await?;
        let mut tx = platform::postgres::begin(&self.pool).await?;
        insert(&mut tx, &user, &hash, must_change_password).await?;
        let (subject, after) = (format!("user:{}", user.id), Some(json!({ "role": user.role })));
        audit
            .record(&mut tx, AuditRecord { action: "user.create", subject, reason: None, before: None, after })
            .await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Sets a password that the user must replace at the next login, and ends all sessions.
    pub async fn reset_password(
        &self,
        user: UserId,
        password: Password,
        audit: &impl AuditSink,
    ) -> Result<(), AccountError> {
        let now = platform::clock::now();
        let hash = self.hasher.hash(password.into_secret()).await?;
        let mut tx = platform::postgres::begin(&self.pool).await?;
        store::set_password(&mut tx, user, &hash, true, now).await?;
        store::revoke_sessions_of(&mut tx, user, None, Revocation::PasswordChange, now).await?;
        let (action, subject) = ("user.reset_password", format!("user:{user}"));
        audit.record(&mut tx, AuditRecord { action, subject, reason: None, before: None, after: None }).await?;
        tx.commit().await?;
        self.forget_status(user);
        Ok(())
    }
}

/// Creates the account, or returns the one that the address has.
pub async fn seed_user(
    pool: &PgPool,
    hasher: &PasswordHasher,
    email: Email,
    password: Password,
    role: Role,
    now: Timestamp,
) -> Result<User, AccountError> {
    if let Some(existing) = store::find_account_by_email(&mut *platform::postgres::reader(pool).await?, &email).await? {
        return Ok(existing.user);
    }
    let new = NewUser { email, password, role, must_change_password: false };
    let (user, hash, must_change_password) = prepare(hasher, new, now).await?;
    let mut tx = platform::postgres::begin(pool).await?;
    insert(&mut tx, &user, &hash, must_change_password).await?;
    tx.commit().await?;
    Ok(user)
}

/// The account and the hash of its password, which takes too long for a transaction.
async fn prepare(hasher: &PasswordHasher, new: NewUser, now: Timestamp) -> Result<(User, String, bool), AccountError> {
    new.password.ensure_fits(&new.email, &[])?;
    let hash = hasher.hash(new.password.into_secret()).await?;
    let id = UserId::from_uuid(Uuid::now_v7());
    let user = User { id, email: new.email, full_name: None, role: new.role, created_at: now };
    Ok((user, hash, new.must_change_password))
}

async fn insert(
    tx: &mut PgConnection,
    user: &User,
    hash: &str,
    must_change_password: bool,
) -> Result<(), AccountError> {
    let is_inserted = store::insert_user(tx, user, hash, must_change_password).await?;
    if is_inserted { Ok(()) } else { Err(AccountError::EmailTaken) }
}
