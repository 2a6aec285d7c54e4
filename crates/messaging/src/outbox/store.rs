//! The SQL of the relay.

use super::leased_messages::Row;
use crate::broker::PublishOutcome;
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

/// Claims the oldest messages that are due and not leased, and locks their rows. Skips rows that another relay has
/// claimed.
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

/// Like [`claim`], but skips the messages of new orders (`topology::DEFERRABLE_ROUTING_KEYS`). The index
/// `outbox_not_deferrable` contains only the other rows, so skipping costs nothing however many there are.
pub(super) async fn claim_not_deferrable(tx: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Row>> {
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

/// Deletes confirmed messages, and delays the next attempt of refused ones with exponential backoff. The two statements
/// need no common transaction: a confirmed row that is not deleted is only published again.
pub(super) async fn apply_outcomes(
    tx: &mut PgConnection,
    rows: &[Row],
    outcomes: &[PublishOutcome],
) -> sqlx::Result<()> {
    let mut confirmed = Vec::with_capacity(rows.len());
    let (mut seq, mut last_error) = (Vec::new(), Vec::new());
    for (row, outcome) in rows.iter().zip(outcomes) {
        match outcome {
            PublishOutcome::Confirmed => confirmed.push(row.seq),
            PublishOutcome::Refused(error) => {
                seq.push(row.seq);
                last_error.push(error.as_str());
            }
        }
    }
    sqlx::query!("DELETE FROM messaging.outbox WHERE seq = ANY($1)", &confirmed).execute(&mut *tx).await?;
    if !seq.is_empty() {
        sqlx::query!(
            "UPDATE messaging.outbox AS o
             SET attempts = attempts + 1,
                 last_error = refused.last_error,
                 available_at = now() + power(2, least(o.attempts, 6)) * interval '1 second'
             FROM (SELECT unnest($1::bigint[]) AS seq, unnest($2::text[]) AS last_error) AS refused
             WHERE o.seq = refused.seq AND o.seq = ANY($1)",
            &seq,
            &last_error as &[&str],
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
    use crate::topology::DEFERRABLE_ROUTING_KEYS;
    use sqlx::PgPool;

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_messages_of_new_orders_are_skipped_and_no_others(pool: PgPool) {
        let mut tx = platform::postgres::writer(&pool).await.expect("a connection");
        for key in
            ["order.confirmed", DEFERRABLE_ROUTING_KEYS[0], "inventory.inventory.release", DEFERRABLE_ROUTING_KEYS[1]]
        {
            let insert = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload)
                          VALUES (gen_random_uuid(), 'test', $1, 'test', '{}')";
            sqlx::query(insert).bind(key).execute(&mut *tx).await.expect("inserted");
        }
        let keys = |rows: Vec<Row>| rows.into_iter().map(|row| row.message.routing_key).collect::<Vec<_>>();

        let claimed = claim_not_deferrable(&mut tx, 10).await.expect("claimed");
        assert_eq!(keys(claimed), ["order.confirmed", "inventory.inventory.release"]);
        assert_eq!(claim(&mut tx, 10).await.expect("claimed").len(), 4);
    }
}
