//! How much is waiting, for metrics. Asked every few seconds whatever the load: each query reads an index from its end
//! and stops at a limit.

use crate::measure::{OutboxDepth, SagaPhase};
use sqlx::PgConnection;

/// The oldest is the first by its number; those that committed late are younger by milliseconds.
pub async fn outbox(connection: &mut PgConnection, rows_max: i64) -> sqlx::Result<OutboxDepth> {
    sqlx::query_as!(
        OutboxDepth,
        r#"SELECT (SELECT count(*) FROM (SELECT FROM messaging.outbox ORDER BY seq LIMIT $1) AS unsent) AS "messages!",
                  coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - created_at), 0)::float8
                            FROM messaging.outbox ORDER BY seq LIMIT 1), 0) AS "oldest_seconds!""#,
        rows_max
    )
    .fetch_one(connection)
    .await
}

/// Those with the nearest deadlines: whoever only waits for a carrier comes last. Of each phase the order with the
/// smallest id is the oldest; as text, since uuids have no minimum before Postgres 18.
pub async fn sagas(connection: &mut PgConnection, rows_max: i64) -> sqlx::Result<Vec<SagaPhase>> {
    sqlx::query_as!(
        SagaPhase,
        r#"SELECT phase AS "phase!", sagas AS "open!",
                  coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - o.created_at), 0)::float8
                            FROM orders.orders o WHERE o.id = first_id), 0) AS "oldest_seconds!"
           FROM (SELECT phase, count(*) AS sagas, min(order_id::text COLLATE "C")::uuid AS first_id
                 FROM (SELECT phase, order_id FROM orders.sagas WHERE active ORDER BY deadline_at LIMIT $1) AS due
                 GROUP BY phase) AS phases"#,
        rows_max
    )
    .fetch_all(connection)
    .await
}

pub async fn overdue_seconds(connection: &mut PgConnection) -> sqlx::Result<f64> {
    sqlx::query_scalar!(
        r#"SELECT coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - deadline_at), 0)::float8
                            FROM orders.sagas WHERE active ORDER BY deadline_at LIMIT 1), 0) AS "overdue!""#
    )
    .fetch_one(connection)
    .await
}
