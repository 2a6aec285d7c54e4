//! Inbox: each reader takes each message once. The row is written in the transaction of the effect, so both or neither
//! are there; a message that comes again finds it and is let go. [`crate::outbox::append_and_take`] writes it, with the answers.
//!
//! A message that is not handled at once leaves a receipt: so it is known of each whether anybody has received it.

use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use uuid::Uuid;

/// Which of these `reader` has taken before.
pub async fn taken(tx: &mut PgConnection, reader: &str, ids: &[MessageId]) -> sqlx::Result<HashSet<MessageId>> {
    let taken = sqlx::query_scalar!(
        "SELECT message_id FROM messaging.inbox WHERE message_id = ANY($2) AND consumer = $1",
        reader,
        &uuids(ids),
    )
    .fetch_all(tx)
    .await?;
    Ok(taken.into_iter().map(MessageId::from_uuid).collect())
}

/// Which of these somebody has received: it was handled, waits for another try, or is dead.
pub async fn received(tx: &mut PgConnection, ids: &[MessageId]) -> sqlx::Result<HashSet<MessageId>> {
    let received = sqlx::query_scalar!(
        r#"SELECT message_id AS "id!" FROM messaging.inbox WHERE message_id = ANY($1)
           UNION SELECT message_id FROM messaging.receipts WHERE message_id = ANY($1)"#,
        &uuids(ids),
    )
    .fetch_all(tx)
    .await?;
    Ok(received.into_iter().map(MessageId::from_uuid).collect())
}

/// Notes that `consumer` has received these, though it did not handle them.
pub(crate) async fn note_received(pool: &PgPool, consumer: &str, ids: &[MessageId]) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO messaging.receipts (message_id, consumer)
         SELECT id, $1 FROM UNNEST($2::uuid[]) AS received (id) ORDER BY id
         ON CONFLICT DO NOTHING",
        consumer,
        &uuids(ids),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets at most `limit` messages about orders made before `before`, oldest first; answers how many. Keep them for
/// longer than any message may still come again: replays included, two weeks.
pub async fn prune(pool: &PgPool, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM messaging.inbox WHERE (message_id, consumer) IN
             (SELECT message_id, consumer FROM messaging.inbox WHERE message_id < $1 ORDER BY message_id LIMIT $2)",
        OrderId::first_at(before).as_uuid(),
        limit,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() + prune_receipts(pool, before, limit).await?)
}

async fn prune_receipts(pool: &PgPool, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM messaging.receipts WHERE (message_id, consumer) IN
             (SELECT message_id, consumer FROM messaging.receipts WHERE message_id < $1 ORDER BY message_id LIMIT $2)",
        OrderId::first_at(before).as_uuid(),
        limit,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

fn uuids(ids: &[MessageId]) -> Vec<Uuid> {
    ids.iter().map(MessageId::as_uuid).collect()
}
