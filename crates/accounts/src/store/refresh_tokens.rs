//! SQL of the tables `refresh_families` and `refresh_tokens`.

use crate::refresh_token::RefreshTokenHash;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub family_id: Uuid,
    pub user_id: UserId,
    pub family_revoked: bool,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub reissued_at: Option<Timestamp>,
}

/// Why a family of refresh tokens was revoked.
#[derive(Debug, Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Revocation {
    Logout,
    Reuse,
    RoleChange,
}

pub(crate) async fn insert_refresh_family(
    tx: &mut PgConnection,
    id: Uuid,
    user_id: UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO accounts.refresh_families (id, user_id, created_at) VALUES ($1, $2, $3)",
        id,
        user_id.as_uuid(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_refresh_token(
    tx: &mut PgConnection,
    token_hash: &RefreshTokenHash,
    family_id: Uuid,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO accounts.refresh_tokens (token_hash, family_id, expires_at) VALUES ($1, $2, $3)",
        token_hash.as_bytes(),
        family_id,
        expires_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks the token's family, and only then reads the token: the previous holder of the lock may have used it.
pub(crate) async fn lock_refresh_token(
    tx: &mut PgConnection,
    hash: &RefreshTokenHash,
) -> sqlx::Result<Option<RefreshToken>> {
    let family = sqlx::query!(
        "SELECT id, user_id, revoked_at FROM accounts.refresh_families
         WHERE id = (SELECT family_id FROM accounts.refresh_tokens WHERE token_hash = $1) FOR NO KEY UPDATE",
        hash.as_bytes(),
    );
    let Some(family) = family.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let token = sqlx::query!(
        "SELECT expires_at, used_at, reissued_at FROM accounts.refresh_tokens WHERE token_hash = $1",
        hash.as_bytes(),
    );
    Ok(token.fetch_optional(tx).await?.map(|token| RefreshToken {
        family_id: family.id,
        user_id: UserId::from_uuid(family.user_id),
        family_revoked: family.revoked_at.is_some(),
        expires_at: token.expires_at,
        used_at: token.used_at,
        reissued_at: token.reissued_at,
    }))
}

pub(crate) async fn mark_used(tx: &mut PgConnection, hash: &RefreshTokenHash, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL",
        hash.as_bytes(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn mark_reissued(tx: &mut PgConnection, hash: &RefreshTokenHash, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.refresh_tokens SET reissued_at = $2 WHERE token_hash = $1 AND reissued_at IS NULL",
        hash.as_bytes(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn revoke_family(
    tx: &mut PgConnection,
    family: Uuid,
    reason: Revocation,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.refresh_families SET revoked_at = $2, reason = $3 WHERE id = $1 AND revoked_at IS NULL",
        family,
        now,
        <&str>::from(reason),
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn revoke_families_of(
    tx: &mut PgConnection,
    user: UserId,
    reason: Revocation,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.refresh_families SET revoked_at = $2, reason = $3 WHERE user_id = $1 AND revoked_at IS NULL",
        user.as_uuid(),
        now,
        <&str>::from(reason),
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn delete_expired_refresh_tokens(
    tx: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query_scalar!(
        r#"WITH expired AS (
               DELETE FROM accounts.refresh_tokens WHERE token_hash IN (
                   SELECT token_hash FROM accounts.refresh_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
               RETURNING token_hash, family_id),
           emptied AS (
               DELETE FROM accounts.refresh_families WHERE id IN (SELECT family_id FROM expired) AND NOT EXISTS (
                   SELECT FROM accounts.refresh_tokens other WHERE other.family_id = refresh_families.id
                   AND other.token_hash NOT IN (SELECT token_hash FROM expired)))
           SELECT count(*) AS "count!" FROM expired"#,
        now,
        i64::from(limit),
    );
    Ok(deleted.fetch_one(tx).await?.unsigned_abs())
}
