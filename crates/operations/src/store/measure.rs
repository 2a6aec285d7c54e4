//! Measures the backlog for metrics. The queries run every few seconds, also under load: each reads an index from its
//! end and stops at a limit.

use crate::model::backlog::{OutboxDepth, SagaPhase};
use domain::saga::PhaseName;
use sqlx::PgConnection;

/// The row with the lowest `seq` counts as the oldest. Concurrent transactions deviate from that order by milliseconds.
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

/// Counts the sagas with the nearest deadlines first: those that only wait for a carrier come last. The oldest order of
/// a phase is the one with the smallest id; compared as text, since there is no `min(uuid)` before Postgres 18.
pub async fn sagas(connection: &mut PgConnection, rows_max: i64) -> sqlx::Result<Vec<SagaPhase>> {
    let rows = sqlx::query!(
        r#"SELECT phase AS "phase!", sagas AS "open!",
                  coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - o.created_at), 0)::float8
                            FROM orders.orders o WHERE o.id = first_id), 0) AS "oldest_seconds!"
           FROM (SELECT phase, count(*) AS sagas, min(order_id::text COLLATE "C")::uuid AS first_id
                 FROM (SELECT phase, order_id FROM orders.sagas WHERE active ORDER BY deadline_at LIMIT $1) AS due
                 GROUP BY phase) AS phases"#,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let phases = rows.into_iter().map(|row| {
        let phase: PhaseName = row.phase.parse().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
        Ok(SagaPhase { phase, open: row.open, oldest_seconds: row.oldest_seconds })
    });
    phases.collect()
}

pub async fn overdue_seconds(connection: &mut PgConnection) -> sqlx::Result<f64> {
    sqlx::query_scalar!(
        r#"SELECT coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - deadline_at), 0)::float8
                            FROM orders.sagas WHERE active ORDER BY deadline_at LIMIT 1), 0) AS "overdue!""#
    )
    .fetch_one(connection)
    .await
}
