//! SQL of the table `stream_tickets`.

use crate::SessionId;
use crate::api_key::ApiKeyId;
use crate::secret_token::TokenHash;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use sqlx::PgConnection;

/// Who a ticket was issued to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamTicket {
    pub user: UserId,
    pub session: Option<SessionId>,
    pub api_key: Option<ApiKeyId>,
    pub token_version: i32,
    pub access_until: Option<Timestamp>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    secret_hash: &TokenHash,
    ticket: &StreamTicket,
    order: OrderId,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    let (user_id, order_id) = (ticket.user.as_uuid(), order.as_uuid());
    let session_id = ticket.session.map(|session| session.as_uuid());
    let api_key_id = ticket.api_key.map(|key| key.as_uuid());
    sqlx::query!(
        "INSERT INTO accounts.stream_tickets (secret_hash, user_id, session_id, api_key_id, token_version, order_id,
                                              access_until, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        secret_hash.as_bytes(),
        user_id,
        session_id,
        api_key_id,
        ticket.token_version,
        order_id,
        ticket.access_until,
        expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes and returns the ticket, unless it has expired, was taken before or is for another order.
pub(crate) async fn take(
    connection: &mut PgConnection,
    secret_hash: &TokenHash,
    order: OrderId,
    now: Timestamp,
) -> sqlx::Result<Option<StreamTicket>> {
    let taken = sqlx::query!(
        "DELETE FROM accounts.stream_tickets WHERE secret_hash = $1 AND order_id = $2 AND expires_at > $3
         RETURNING user_id, session_id, api_key_id, token_version, access_until",
        secret_hash.as_bytes(),
        order.as_uuid(),
        now,
    );
    let taken = taken.fetch_optional(connection).await?;
    Ok(taken.map(|row| StreamTicket {
        user: UserId::from_uuid(row.user_id),
        session: row.session_id.map(SessionId::from_uuid),
        api_key: row.api_key_id.map(ApiKeyId::from_uuid),
        token_version: row.token_version,
        access_until: row.access_until,
    }))
}

pub(crate) async fn delete_expired(connection: &mut PgConnection, now: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM accounts.stream_tickets WHERE secret_hash IN (
             SELECT secret_hash FROM accounts.stream_tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        i64::from(limit),
    );
    Ok(deleted.execute(connection).await?.rows_affected())
}

pub(crate) async fn delete_of(tx: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM accounts.stream_tickets WHERE user_id = $1", user.as_uuid()).execute(tx).await?;
    Ok(())
}
