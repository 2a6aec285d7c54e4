//! Creates a demo account. An existing account is left unchanged.

use crate::{AccountError, Email, Password, PasswordHasher, Role, User, store};
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgPool;
use uuid::Uuid;

pub async fn seed_user(
    pool: &PgPool,
    hasher: &PasswordHasher,
    email: Email,
    password: Password,
    role: Role,
    now: Timestamp,
) -> Result<User, AccountError> {
    if let Some(existing) = store::find_account_by_email(&mut *pool.acquire().await?, &email).await? {
        return Ok(existing.user);
    }
    let hash = hasher.hash(password.into_secret()).await?;
    let user = User { id: UserId::from_uuid(Uuid::now_v7()), email, full_name: None, role, created_at: now };
    let mut tx = platform::postgres::begin(pool).await?;
    store::insert_user(&mut tx, &user, &hash).await?;
    tx.commit().await?;
    Ok(user)
}
