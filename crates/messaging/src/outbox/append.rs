//! Stores messages in the transaction of the fact that they tell.

use super::parcel::{LEASE, Parcel, Row};
use crate::envelope::Outgoing;
use domain::ids::MessageId;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Instant;

/// Appends `messages` to the outbox. The caller commits, and then gives the parcel to the relay.
pub async fn append(tx: &mut PgConnection, messages: Vec<Outgoing>) -> sqlx::Result<Parcel> {
    let appended_at = Instant::now();
    if messages.is_empty() {
        return Ok(Parcel::new(Vec::new(), appended_at));
    }
    let ids: Vec<_> = messages.iter().map(|message| message.message_id.as_uuid()).collect();
    let exchanges: Vec<_> = messages.iter().map(|message| message.exchange.as_ref()).collect();
    let routing_keys: Vec<_> = messages.iter().map(|message| message.routing_key.as_str()).collect();
    let types: Vec<_> = messages.iter().map(|message| message.type_name.as_ref()).collect();
    let payloads: Vec<_> = messages.iter().map(|message| message.payload.as_str()).collect();
    let written = sqlx::query!(
        "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, available_at)
         SELECT new.*, clock_timestamp() + make_interval(secs => $6)
           FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS new
         RETURNING seq, message_id",
        &ids,
        &exchanges as &[&str],
        &routing_keys as &[&str],
        &types as &[&str],
        &payloads as &[&str],
        LEASE.as_secs_f64(),
    )
    .fetch_all(tx)
    .await?;
    let mut seqs: HashMap<_, _> =
        written.into_iter().map(|row| (MessageId::from_uuid(row.message_id), row.seq)).collect();
    // Of a message that is there twice one row waits for its lease to end.
    let row = |message: Outgoing| Some(Row { seq: seqs.remove(&message.message_id)?, message });
    Ok(Parcel::new(messages.into_iter().filter_map(row).collect(), appended_at))
}
