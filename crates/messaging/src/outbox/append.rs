//! Appends messages to the outbox, in the transaction of the change that they describe.

use super::RelayHandle;
use super::leased_messages::{LEASE, LeasedMessages, Row};
use crate::envelope::Outgoing;
use domain::ids::MessageId;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// The inbox rows to insert: the messages that this transaction processes, and the consumer that processes them.
#[derive(Debug, Clone, Copy)]
pub struct InboxEntries<'a> {
    pub consumer: &'a str,
    pub ids: &'a [MessageId],
}

/// Appends `messages` to the outbox, and inserts `entries` into the inbox in the same statement. Returns the messages to
/// pass to [`RelayHandle::publish`] after the commit, and the number of new inbox rows: fewer than `entries` when
/// messages were already processed.
///
/// Rows that the relay has capacity for are leased to it. The others are left unleased, for any relay to claim after
/// the commit: rows beyond its capacity, and the messages of new orders while the inventory queue is backed up.
pub(crate) async fn append(
    tx: &mut PgConnection,
    messages: Vec<Outgoing>,
    entries: InboxEntries<'_>,
    relay: &RelayHandle,
) -> sqlx::Result<(LeasedMessages, usize)> {
    let capacity = relay.reserve(messages.len());
    let is_leased = |message: &Outgoing| capacity.is_some() && !relay.defers(message);
    let leased: Vec<bool> = messages.iter().map(is_leased).collect();
    let appended_at = Instant::now();
    let Inserted { seqs, inbox_rows } = insert(tx, &messages, &leased, entries).await?;
    Ok((leased_messages(messages, leased, seqs, appended_at, capacity), inbox_rows))
}

fn leased_messages(
    messages: Vec<Outgoing>,
    leased: Vec<bool>,
    mut seqs: HashMap<MessageId, i64>,
    appended_at: Instant,
    capacity: Option<OwnedSemaphorePermit>,
) -> LeasedMessages {
    let messages = messages.into_iter().zip(leased).filter(|(_, leased)| *leased);
    // When the same message was appended twice, one of its rows is published only after its lease has ended.
    let rows = messages.filter_map(|(message, _)| Some(Row { seq: seqs.remove(&message.message_id)?, message }));
    // The lease ends in this process before it ends in the database.
    LeasedMessages { rows: rows.collect(), leased_until: appended_at + LEASE, capacity }
}

#[derive(Default)]
struct Inserted {
    /// The `seq` of each message in the outbox.
    seqs: HashMap<MessageId, i64>,
    /// The number of rows that were inserted into the inbox.
    inbox_rows: usize,
}

async fn insert(
    tx: &mut PgConnection,
    messages: &[Outgoing],
    leased: &[bool],
    entries: InboxEntries<'_>,
) -> sqlx::Result<Inserted> {
    if messages.is_empty() && entries.ids.is_empty() {
        return Ok(Inserted::default());
    }
    let message_id: Vec<_> = messages.iter().map(|message| message.message_id.as_uuid()).collect();
    let exchange: Vec<_> = messages.iter().map(|message| message.exchange.as_ref()).collect();
    let routing_key: Vec<_> = messages.iter().map(|message| message.routing_key.as_str()).collect();
    let r#type: Vec<_> = messages.iter().map(|message| message.type_name.as_ref()).collect();
    let payload: Vec<_> = messages.iter().map(|message| message.payload.as_str()).collect();
    let processed_id: Vec<Uuid> = entries.ids.iter().map(MessageId::as_uuid).collect();
    let inserted = sqlx::query!(
        r#"WITH taken AS (
             INSERT INTO messaging.inbox (message_id, consumer)
             SELECT processed_id AS message_id, $8 AS consumer FROM (SELECT unnest($9::uuid[]) AS processed_id) AS processed
              ORDER BY processed_id
             ON CONFLICT DO NOTHING
             RETURNING 1),
         said AS (
             INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, available_at)
             SELECT new.message_id, new.exchange, new.routing_key, new.type, new.payload,
                    CASE WHEN new.leased THEN clock_timestamp() + make_interval(secs => $7) ELSE now() END AS available_at
               FROM (SELECT unnest($1::uuid[]) AS message_id, unnest($2::text[]) AS exchange,
                            unnest($3::text[]) AS routing_key, unnest($4::text[]) AS type, unnest($5::text[]) AS payload,
                            unnest($6::boolean[]) AS leased) AS new
             RETURNING seq, message_id)
         SELECT array_agg(seq) AS "seqs: Vec<i64>", array_agg(message_id) AS "ids: Vec<Uuid>",
                (SELECT count(*) FROM taken) AS "taken!"
           FROM said"#,
        &message_id,
        &exchange as &[&str],
        &routing_key as &[&str],
        &r#type as &[&str],
        &payload as &[&str],
        leased,
        LEASE.as_secs_f64(),
        entries.consumer,
        &processed_id,
    )
    .fetch_one(tx)
    .await?;
    let ids = inserted.ids.unwrap_or_default().into_iter().map(MessageId::from_uuid);
    let seqs = ids.zip(inserted.seqs.unwrap_or_default()).collect();
    let inbox_rows = usize::try_from(inserted.taken).expect("at most as many rows as were sent");
    Ok(Inserted { seqs, inbox_rows })
}
