//! Measures the backlog for metrics. The queries run every few seconds, also under load. So each scans an index in
//! ascending order and stops after a fixed number of rows.

use crate::model::backlog::{OutboxDepth, PhaseBacklog};
use domain::saga::PhaseName;
use sqlx::PgConnection;

/// Counts the messages in the outbox, at most `rows_max`, and measures the age of the oldest one. The row with the lowest
/// `seq` counts as the oldest: concurrent transactions deviate from that order by milliseconds.
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

/// Counts the active sagas per phase, and measures the age of the oldest order of each phase. When there are more than
/// `rows_max`, those with the latest deadlines are left out: most of them only wait for a carrier.
pub async fn sagas(connection: &mut PgConnection, rows_max: i64) -> sqlx::Result<Vec<PhaseBacklog>> {
    // Order ids are UUID v7, so the smallest id is that of the oldest order. They are compared as text, because Postgres
    // up to 18 has no `min(uuid)`.
    let rows = sqlx::query!(
        r#"SELECT phase AS "phase!", active_sagas AS "active_sagas!",
                  coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - o.created_at), 0)::float8
                            FROM orders.orders o WHERE o.id = oldest_order_id), 0) AS "oldest_seconds!"
           FROM (SELECT phase, count(*) AS active_sagas, min(order_id::text COLLATE "C")::uuid AS oldest_order_id
                 FROM (SELECT phase, order_id FROM orders.sagas WHERE active ORDER BY deadline_at LIMIT $1) AS nearest
                 GROUP BY phase) AS phases"#,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let phases = rows.into_iter().map(|row| {
        let phase: PhaseName = row.phase.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(PhaseBacklog { phase, active_sagas: row.active_sagas, oldest_seconds: row.oldest_seconds })
    });
    phases.collect()
}

/// How far the active saga with the earliest deadline is past it; 0 when no deadline has passed.
pub async fn overdue_seconds(connection: &mut PgConnection) -> sqlx::Result<f64> {
    sqlx::query_scalar!(
        r#"SELECT coalesce((SELECT greatest(extract(epoch FROM clock_timestamp() - deadline_at), 0)::float8
                            FROM orders.sagas WHERE active ORDER BY deadline_at LIMIT 1), 0) AS "overdue!""#
    )
    .fetch_one(connection)
    .await
}

/// Counts settlements of the last 31 days; a gateway has one per day and currency.
pub async fn differing_settlements(connection: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM payments.settlements
           WHERE status = 'differs' AND day > (now() AT TIME ZONE 'UTC')::date - 31"#
    )
    .fetch_one(connection)
    .await
}
