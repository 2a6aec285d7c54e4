//! SQL of the table `refresh_families`: a row is a session.

use crate::views::SessionView;
use crate::{Client, SessionId};
use domain::Timestamp;
use domain::ids::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Why a session ended.
#[derive(Debug, Clone, Copy, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Revocation {
    Logout,
    Reuse,
    RoleChange,
    PasswordChange,
    Disabled,
    Erased,
}

pub(crate) async fn insert_session(
    tx: &mut PgConnection,
    id: SessionId,
    user_id: UserId,
    client: &Client,
    now: Timestamp,
) -> sqlx::Result<()> {
    let client_address = client.address.to_string();
    sqlx::query!(
        "INSERT INTO accounts.refresh_families (id, user_id, client_address, user_agent, created_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
        id.as_uuid(),
        user_id.as_uuid(),
        client_address,
        client.user_agent(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn touch_session(
    tx: &mut PgConnection,
    session: SessionId,
    client: &Client,
    now: Timestamp,
) -> sqlx::Result<()> {
    let client_address = client.address.to_string();
    sqlx::query!(
        "UPDATE accounts.refresh_families SET client_address = $2, user_agent = $3, last_used_at = $4 WHERE id = $1",
        session.as_uuid(),
        client_address,
        client.user_agent(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn revoke_session(
    tx: &mut PgConnection,
    session: SessionId,
    reason: Revocation,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE accounts.refresh_families SET revoked_at = $2, reason = $3 WHERE id = $1 AND revoked_at IS NULL",
        session.as_uuid(),
        now,
        <&str>::from(reason),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Revokes a session of the user, unless that was done before. Returns false when the user has no such session.
pub(crate) async fn revoke_session_of(
    tx: &mut PgConnection,
    user: UserId,
    session: SessionId,
    reason: Revocation,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let revoked = sqlx::query!(
        "UPDATE accounts.refresh_families
            SET revoked_at = coalesce(revoked_at, $3), reason = coalesce(reason, $4)
          WHERE id = $1 AND user_id = $2",
        session.as_uuid(),
        user.as_uuid(),
        now,
        <&str>::from(reason),
    );
    Ok(revoked.execute(tx).await?.rows_affected() == 1)
}

/// Revokes all sessions of the user but `kept`. Returns how many.
pub(crate) async fn revoke_sessions_of(
    tx: &mut PgConnection,
    user: UserId,
    kept: Option<SessionId>,
    reason: Revocation,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let revoked = sqlx::query!(
        "UPDATE accounts.refresh_families SET revoked_at = $2, reason = $3
         WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $4",
        user.as_uuid(),
        now,
        <&str>::from(reason),
        kept.map(|session| session.as_uuid()),
    );
    Ok(revoked.execute(tx).await?.rows_affected())
}

struct SessionRow {
    id: Uuid,
    client_address: Option<String>,
    user_agent: Option<String>,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, client_address, user_agent, created_at, last_used_at } = row;
        let (id, last_used_at) = (SessionId::from_uuid(id), last_used_at.unwrap_or(created_at));
        Self { id, client_address, user_agent, created_at, last_used_at }
    }
}

/// The sessions that are not revoked and still have a refresh token that can be exchanged, the newest first.
pub(crate) async fn list_sessions(
    connection: &mut PgConnection,
    user: UserId,
    now: Timestamp,
    limit: u32,
) -> sqlx::Result<Vec<SessionView>> {
    let rows = sqlx::query_as!(
        SessionRow,
        "SELECT id, client_address, user_agent, created_at, last_used_at FROM accounts.refresh_families AS session
         WHERE user_id = $1 AND revoked_at IS NULL AND EXISTS (
             SELECT FROM accounts.refresh_tokens AS token
             WHERE token.family_id = session.id AND token.used_at IS NULL AND token.replaced_at IS NULL
               AND token.expires_at > $2)
         ORDER BY id DESC LIMIT $3",
        user.as_uuid(),
        now,
        i64::from(limit),
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(SessionView::from).collect())
}

/// The sessions that are stored, ended ones included, the newest first.
pub(crate) async fn all_sessions(
    connection: &mut PgConnection,
    user: UserId,
    limit: u32,
) -> sqlx::Result<Vec<SessionView>> {
    let rows = sqlx::query_as!(
        SessionRow,
        "SELECT id, client_address, user_agent, created_at, last_used_at FROM accounts.refresh_families
          WHERE user_id = $1 ORDER BY id DESC LIMIT $2",
        user.as_uuid(),
        i64::from(limit),
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(SessionView::from).collect())
}

/// Ends all sessions of the user, and removes where they came from.
pub(crate) async fn erase_sessions_of(tx: &mut PgConnection, user: UserId, now: Timestamp) -> sqlx::Result<()> {
    let reason: &str = Revocation::Erased.into();
    sqlx::query!(
        "UPDATE accounts.refresh_families
            SET client_address = NULL, user_agent = NULL, revoked_at = coalesce(revoked_at, $2),
                reason = coalesce(reason, $3)
          WHERE user_id = $1 AND (revoked_at IS NULL OR client_address IS NOT NULL OR user_agent IS NOT NULL)",
        user.as_uuid(),
        now,
        reason,
    )
    .execute(tx)
    .await?;
    Ok(())
}
