//! The relay's SQL.

use super::parcel::Row;
use crate::broker::Arrival;
use crate::envelope::Outgoing;
use domain::ids::MessageId;
use sqlx::PgConnection;

/// Locks the oldest messages that are due, in nobody's lease, not `held_back` by routing key, and that nobody else
/// is carrying.
pub(super) async fn claim(tx: &mut PgConnection, held_back: &[&str], limit: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query!(
        "SELECT seq, message_id, exchange, routing_key, type, payload
         FROM messaging.outbox
         WHERE available_at <= now() AND NOT (routing_key = ANY ($2))
         ORDER BY seq
         LIMIT $1
         FOR UPDATE SKIP LOCKED",
        limit,
        held_back as &[&str],
    )
    .map(|row| Row {
        seq: row.seq,
        message: Outgoing {
            message_id: MessageId::from_uuid(row.message_id),
            exchange: row.exchange.into(),
            routing_key: row.routing_key,
            type_name: row.r#type.into(),
            payload: row.payload,
        },
    })
    .fetch_all(tx)
    .await
}

/// Deletes what arrived; lets what was refused wait, longer each time. By itself it may be two transactions: a row that
/// is deleted by nobody is only said again.
pub(super) async fn settle(tx: &mut PgConnection, rows: &[Row], arrivals: &[Arrival]) -> sqlx::Result<()> {
    let mut arrived = Vec::with_capacity(rows.len());
    let (mut refused, mut reasons) = (Vec::new(), Vec::new());
    for (row, arrival) in rows.iter().zip(arrivals) {
        match arrival {
            Arrival::Confirmed => arrived.push(row.seq),
            Arrival::Refused(reason) => {
                refused.push(row.seq);
                reasons.push(reason.as_str());
            }
        }
    }
    sqlx::query!("DELETE FROM messaging.outbox WHERE seq = ANY($1)", &arrived).execute(&mut *tx).await?;
    if !refused.is_empty() {
        sqlx::query!(
            "UPDATE messaging.outbox AS o
             SET attempts = attempts + 1,
                 last_error = r.reason,
                 available_at = now() + power(2, least(o.attempts, 6)) * interval '1 second'
             FROM UNNEST($1::bigint[], $2::text[]) AS r (seq, reason)
             WHERE o.seq = r.seq AND o.seq = ANY($1)",
            &refused,
            &reasons as &[&str],
        )
        .execute(tx)
        .await?;
    }
    Ok(())
}
