//! Inbox: each consumer processes each message once. The inbox row is inserted in the transaction of the effect, so
//! both are stored or neither, and a duplicate is recognized by its row. [`crate::UnitOfWork`] inserts the row together
//! with the replies.
//!
//! A message that failed or was deferred leaves a receipt. So for every message it is known whether a consumer has
//! received it.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use uuid::Uuid;

/// The subset of `ids` that `consumer` has already processed.
pub async fn already_processed(
    tx: &mut PgConnection,
    consumer: &str,
    ids: &[MessageId],
) -> sqlx::Result<HashSet<MessageId>> {
    let processed = sqlx::query_scalar!(
        "SELECT message_id FROM messaging.inbox WHERE message_id = ANY($2) AND consumer = $1",
        consumer,
        &uuids(ids),
    )
    .fetch_all(tx)
    .await?;
    Ok(processed.into_iter().map(MessageId::from_uuid).collect())
}

/// How many days after the creation of its order a row is kept: longer than any message may be delivered again, replays
/// included.
pub const KEPT_DAYS: i64 = 14;

/// The subset of `ids` that any consumer has received: they were handled, wait for a retry, or were dead-lettered. Messages
/// of orders so old that their rows are not kept count as received: nothing is known of them, and an order must not wait
/// without end.
pub async fn received(tx: &mut PgConnection, ids: &[MessageId], now: Timestamp) -> sqlx::Result<HashSet<MessageId>> {
    let kept_since = OrderId::lower_bound(now - TimeDelta::days(KEPT_DAYS)).as_uuid();
    let unknown = ids.iter().filter(|id| id.as_uuid() < kept_since).copied();
    let received = sqlx::query_scalar!(
        r#"SELECT message_id AS "id!" FROM messaging.inbox WHERE message_id = ANY($1)
           UNION SELECT message_id FROM messaging.receipts WHERE message_id = ANY($1)"#,
        &uuids(ids),
    )
    .fetch_all(tx)
    .await?;
    Ok(received.into_iter().map(MessageId::from_uuid).chain(unknown).collect())
}

/// Records that `consumer` has received messages that it did not handle.
pub(crate) async fn record_receipts(pool: &PgPool, consumer: &str, ids: &[MessageId]) -> sqlx::Result<()> {
    let (message_id, mut connection) = (uuids(ids), platform::postgres::writer(pool).await?);
    sqlx::query!(
        "INSERT INTO messaging.receipts (message_id, consumer)
         SELECT unnest($2::uuid[]) AS message_id, $1 AS consumer ORDER BY message_id
         ON CONFLICT DO NOTHING",
        consumer,
        &message_id,
    )
    .execute(&mut *connection)
    .await?;
    connection.commit().await
}

/// Deletes at most `limit` inbox rows, and as many receipts, of orders that were created before `before`, oldest first.
/// Returns the number of deleted rows.
pub async fn prune(pool: &PgPool, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let mut connection = platform::postgres::writer(pool).await?;
    let deleted =
        prune_inbox(&mut connection, before, limit).await? + prune_receipts(&mut connection, before, limit).await?;
    connection.commit().await?;
    Ok(deleted)
}

async fn prune_inbox(connection: &mut PgConnection, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM messaging.inbox WHERE (message_id, consumer) IN
             (SELECT message_id, consumer FROM messaging.inbox WHERE message_id < $1 ORDER BY message_id LIMIT $2)",
        OrderId::lower_bound(before).as_uuid(),
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn prune_receipts(connection: &mut PgConnection, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM messaging.receipts WHERE (message_id, consumer) IN
             (SELECT message_id, consumer FROM messaging.receipts WHERE message_id < $1 ORDER BY message_id LIMIT $2)",
        OrderId::lower_bound(before).as_uuid(),
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

fn uuids(ids: &[MessageId]) -> Vec<Uuid> {
    ids.iter().map(MessageId::as_uuid).collect()
}
