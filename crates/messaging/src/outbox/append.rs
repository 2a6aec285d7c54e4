//! Stores messages in the transaction of the fact that they tell.

use crate::envelope::Outgoing;
use sqlx::PgConnection;

/// Appends `messages` to the outbox. The caller commits, and then wakes the relay.
pub async fn append(tx: &mut PgConnection, messages: &[Outgoing]) -> sqlx::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = messages.iter().map(|message| message.message_id.as_uuid()).collect();
    let exchanges: Vec<_> = messages.iter().map(|message| message.exchange).collect();
    let routing_keys: Vec<_> = messages.iter().map(|message| message.routing_key.as_str()).collect();
    let types: Vec<_> = messages.iter().map(|message| message.type_name.as_ref()).collect();
    let payloads: Vec<_> = messages.iter().map(|message| message.payload.as_str()).collect();
    sqlx::query!(
        "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])",
        &ids,
        &exchanges as &[&str],
        &routing_keys as &[&str],
        &types as &[&str],
        &payloads as &[&str],
    )
    .execute(tx)
    .await?;
    Ok(())
}
