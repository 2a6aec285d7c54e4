//! The relay's SQL.

use super::leased_messages::Row;
use crate::broker::Arrival;
use crate::envelope::Outgoing;
use domain::ids::MessageId;
use sqlx::PgConnection;
use uuid::Uuid;

struct OutboxRow {
    seq: i64,
    message_id: Uuid,
    exchange: String,
    routing_key: String,
    r#type: String,
    payload: String,
}

/// Locks the oldest messages that are due, in nobody's lease, and that nobody else is carrying.
pub(super) async fn claim(tx: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        OutboxRow,
        "SELECT seq, message_id, exchange, routing_key, type, payload
         FROM messaging.outbox
         WHERE available_at <= now()
         ORDER BY seq
         LIMIT $1
         FOR UPDATE SKIP LOCKED",
        limit,
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(Row::from).collect())
}

/// [`claim`], but leaves what is said of new orders (`topology::NEW_ORDER`), however much that is: index
/// `outbox_pressing` holds the rest.
pub(super) async fn claim_past_new_orders(tx: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        OutboxRow,
        "SELECT seq, message_id, exchange, routing_key, type, payload
         FROM messaging.outbox
         WHERE available_at <= now() AND routing_key NOT IN ('inventory.inventory.reserve', 'order.created')
         ORDER BY seq
         LIMIT $1
         FOR UPDATE SKIP LOCKED",
        limit,
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(Row::from).collect())
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

impl From<OutboxRow> for Row {
    fn from(row: OutboxRow) -> Self {
        let message = Outgoing {
            message_id: MessageId::from_uuid(row.message_id),
            exchange: row.exchange.into(),
            routing_key: row.routing_key,
            type_name: row.r#type.into(),
            payload: row.payload,
        };
        Self { seq: row.seq, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::NEW_ORDER;
    use sqlx::PgPool;

    #[sqlx::test(migrations = "../../migrations")]
    async fn all_that_is_said_of_new_orders_is_passed_over_and_nothing_else_is(pool: PgPool) {
        let mut tx = pool.acquire().await.expect("a connection");
        for key in ["order.confirmed", NEW_ORDER[0], "inventory.inventory.release", NEW_ORDER[1]] {
            let said = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
                        VALUES (gen_random_uuid(), 'test', $1, 'test', '{}')";
            sqlx::query(said).bind(key).execute(&mut *tx).await.expect("said");
        }
        let keys = |rows: Vec<Row>| rows.into_iter().map(|row| row.message.routing_key).collect::<Vec<_>>();

        let past = claim_past_new_orders(&mut tx, 10).await.expect("claimed");
        assert_eq!(keys(past), ["order.confirmed", "inventory.inventory.release"]);
        assert_eq!(claim(&mut tx, 10).await.expect("claimed").len(), 4);
    }
}
