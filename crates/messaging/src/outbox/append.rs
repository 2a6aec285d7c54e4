//! Stores messages in the transaction of the fact that they tell.

use super::Relay;
use super::leased_messages::{LEASE, Parcel, Row};
use crate::envelope::Outgoing;
use domain::ids::MessageId;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// The messages whose effect this transaction is, and who takes them: rows of the inbox.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    pub reader: &'a str,
    pub ids: &'a [MessageId],
}

/// Appends `messages` to the outbox. The caller commits, and then has `relay` carry the parcel.
///
/// What `relay` can take is leased to it. The rest can be claimed by any relay once it is committed: what there is no
/// room for, and what is said of new orders while those who read first steps are behind.
pub async fn append(tx: &mut PgConnection, messages: Vec<Outgoing>, relay: &Relay) -> sqlx::Result<Parcel> {
    let (parcel, _taken) = append_and_take(tx, messages, Taking { reader: "", ids: &[] }, relay).await?;
    Ok(parcel)
}

/// [`append()`], and writes into the inbox what is taken, in one statement. Says how many had not been taken before.
pub async fn append_and_take(
    tx: &mut PgConnection,
    messages: Vec<Outgoing>,
    taking: Taking<'_>,
    relay: &Relay,
) -> sqlx::Result<(Parcel, usize)> {
    let room = relay.room_for(messages.len());
    let is_leased = |message: &Outgoing| room.is_some() && !relay.holds_back(message);
    let leased: Vec<bool> = messages.iter().map(is_leased).collect();
    let appended_at = Instant::now();
    let Written { seqs, taken } = write(tx, &messages, &leased, taking).await?;
    Ok((parcel(messages, leased, seqs, appended_at, room), taken))
}

fn parcel(
    messages: Vec<Outgoing>,
    leased: Vec<bool>,
    mut seqs: HashMap<MessageId, i64>,
    appended_at: Instant,
    room: Option<OwnedSemaphorePermit>,
) -> Parcel {
    let carried = messages.into_iter().zip(leased).filter(|(_, leased)| *leased);
    // Of a message that is there twice one row waits for its lease to end.
    let rows = carried.filter_map(|(message, _)| Some(Row { seq: seqs.remove(&message.message_id)?, message }));
    // The lease runs out here before it does in the database.
    Parcel { rows: rows.collect(), leased_until: appended_at + LEASE, room }
}

#[derive(Default)]
struct Written {
    /// The places of the messages in the outbox.
    seqs: HashMap<MessageId, i64>,
    /// How many were taken that had not been before.
    taken: usize,
}

async fn write(
    tx: &mut PgConnection,
    messages: &[Outgoing],
    leased: &[bool],
    taking: Taking<'_>,
) -> sqlx::Result<Written> {
    if messages.is_empty() && taking.ids.is_empty() {
        return Ok(Written::default());
    }
    let ids: Vec<_> = messages.iter().map(|message| message.message_id.as_uuid()).collect();
    let exchanges: Vec<_> = messages.iter().map(|message| message.exchange.as_ref()).collect();
    let routing_keys: Vec<_> = messages.iter().map(|message| message.routing_key.as_str()).collect();
    let types: Vec<_> = messages.iter().map(|message| message.type_name.as_ref()).collect();
    let payloads: Vec<_> = messages.iter().map(|message| message.payload.as_str()).collect();
    let taken: Vec<Uuid> = taking.ids.iter().map(MessageId::as_uuid).collect();
    let written = sqlx::query!(
        r#"WITH taken AS (
             INSERT INTO messaging.inbox (message_id, consumer)
             SELECT id, $8 FROM UNNEST($9::uuid[]) AS m (id) ORDER BY id
             ON CONFLICT DO NOTHING
             RETURNING 1),
         said AS (
             INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, available_at)
             SELECT new.id, new.exchange, new.routing_key, new.type, new.payload,
                    CASE WHEN new.leased THEN clock_timestamp() + make_interval(secs => $7) ELSE now() END
               FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
                    AS new (id, exchange, routing_key, type, payload, leased)
             RETURNING seq, message_id)
         SELECT array_agg(seq) AS "seqs: Vec<i64>", array_agg(message_id) AS "ids: Vec<Uuid>",
                (SELECT count(*) FROM taken) AS "taken!"
           FROM said"#,
        &ids,
        &exchanges as &[&str],
        &routing_keys as &[&str],
        &types as &[&str],
        &payloads as &[&str],
        leased,
        LEASE.as_secs_f64(),
        taking.reader,
        &taken,
    )
    .fetch_one(tx)
    .await?;
    let ids = written.ids.unwrap_or_default().into_iter().map(MessageId::from_uuid);
    let seqs = ids.zip(written.seqs.unwrap_or_default()).collect();
    Ok(Written { seqs, taken: usize::try_from(written.taken).expect("we sent them") })
}
