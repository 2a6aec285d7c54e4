//! SQL of the table `refresh_tokens`.

use crate::SessionId;
use crate::secret_token::TokenHash;
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;

#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub session: SessionId,
    pub user_id: UserId,
    pub session_created_at: Timestamp,
    pub session_revoked: bool,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub reissued_at: Option<Timestamp>,
    /// Another token took its place.
    pub is_replaced: bool,
    pub is_successor_used: bool,
}

pub(crate) async fn insert_refresh_token(
    tx: &mut PgConnection,
    token_hash: &TokenHash,
    session: SessionId,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let family_id = session.as_uuid();
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

/// Locks the token's session, and only then reads the token: the previous holder of the lock may have used it.
pub(crate) async fn lock_refresh_token(tx: &mut PgConnection, hash: &TokenHash) -> sqlx::Result<Option<RefreshToken>> {
    let session = sqlx::query!(
        "SELECT id, user_id, created_at, revoked_at FROM accounts.refresh_families
         WHERE id = (SELECT family_id FROM accounts.refresh_tokens WHERE token_hash = $1) FOR NO KEY UPDATE",
        hash.as_bytes(),
    );
    let Some(session) = session.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let token = sqlx::query!(
        r#"SELECT token.expires_at, token.used_at, token.reissued_at, token.replaced_at IS NOT NULL AS "is_replaced!",
                  successor.used_at IS NOT NULL AS "is_successor_used!"
             FROM accounts.refresh_tokens AS token
             LEFT JOIN accounts.refresh_tokens AS successor ON successor.token_hash = token.successor
            WHERE token.token_hash = $1"#,
        hash.as_bytes(),
    );
    Ok(token.fetch_optional(tx).await?.map(|token| RefreshToken {
        session: SessionId::from_uuid(session.id),
        user_id: UserId::from_uuid(session.user_id),
        session_created_at: session.created_at,
        session_revoked: session.revoked_at.is_some(),
        expires_at: token.expires_at,
        used_at: token.used_at,
        reissued_at: token.reissued_at,
        is_replaced: token.is_replaced,
        is_successor_used: token.is_successor_used,
    }))
}

pub(crate) async fn mark_used(
    tx: &mut PgConnection,
    hash: &TokenHash,
    successor: &TokenHash,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.refresh_tokens SET used_at = $3, successor = $2 WHERE token_hash = $1 AND used_at IS NULL",
        hash.as_bytes(),
        successor.as_bytes(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives the token another successor, which replaces the one before.
pub(crate) async fn replace_successor(
    tx: &mut PgConnection,
    hash: &TokenHash,
    successor: &TokenHash,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH replaced AS (
             UPDATE accounts.refresh_tokens AS unused SET replaced_at = $3 FROM accounts.refresh_tokens AS token
              WHERE token.token_hash = $1 AND unused.token_hash = token.successor)
         UPDATE accounts.refresh_tokens SET reissued_at = $3, successor = $2 WHERE token_hash = $1",
        hash.as_bytes(),
        successor.as_bytes(),
        now,
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
