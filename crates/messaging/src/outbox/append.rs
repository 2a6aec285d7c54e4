//! Stores messages in the transaction of the fact that they tell.

use super::Relay;
use super::parcel::{LEASE, Parcel, Row};
use crate::envelope::Outgoing;
use domain::ids::MessageId;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Instant;

/// Appends `messages` to the outbox. The caller commits, and then has `relay` carry the parcel.
///
/// What `relay` can take is leased to it. The rest can be claimed by any relay once it is committed: what there is no
/// room for, and what is said of new orders while those who read first steps are behind.
pub async fn append(tx: &mut PgConnection, messages: Vec<Outgoing>, relay: &Relay) -> sqlx::Result<Parcel> {
    let room = relay.room_for(messages.len());
    let appended_at = Instant::now();
    let is_taken = |message: &Outgoing| room.is_some() && !relay.holds_back(message);
    let taken: Vec<bool> = messages.iter().map(is_taken).collect();
    let mut seqs = insert(tx, &messages, &taken).await?;
    let carried = messages.into_iter().zip(taken).filter(|(_, taken)| *taken);
    // Of a message that is there twice one row waits for its lease to end.
    let rows = carried.filter_map(|(message, _)| Some(Row { seq: seqs.remove(&message.message_id)?, message }));
    // The lease runs out here before it does in the database.
    Ok(Parcel { rows: rows.collect(), leased_until: appended_at + LEASE, room })
}

/// The places of the messages, and the lease of those that are taken.
async fn insert(tx: &mut PgConnection, messages: &[Outgoing], taken: &[bool]) -> sqlx::Result<HashMap<MessageId, i64>> {
    if messages.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = messages.iter().map(|message| message.message_id.as_uuid()).collect();
    let exchanges: Vec<_> = messages.iter().map(|message| message.exchange.as_ref()).collect();
    let routing_keys: Vec<_> = messages.iter().map(|message| message.routing_key.as_str()).collect();
    let types: Vec<_> = messages.iter().map(|message| message.type_name.as_ref()).collect();
    let payloads: Vec<_> = messages.iter().map(|message| message.payload.as_str()).collect();
    let written = sqlx::query!(
        "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, available_at)
         SELECT new.id, new.exchange, new.routing_key, new.type, new.payload,
                CASE WHEN new.taken THEN clock_timestamp() + make_interval(secs => $7) ELSE now() END
           FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
                AS new (id, exchange, routing_key, type, payload, taken)
         RETURNING seq, message_id",
        &ids,
        &exchanges as &[&str],
        &routing_keys as &[&str],
        &types as &[&str],
        &payloads as &[&str],
        taken,
        LEASE.as_secs_f64(),
    )
    .fetch_all(tx)
    .await?;
    Ok(written.into_iter().map(|row| (MessageId::from_uuid(row.message_id), row.seq)).collect())
}
