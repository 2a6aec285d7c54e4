//! `operations.processes`.

use crate::model::processes::{ProcessCounts, ProcessInfo, ProcessView};
use domain::Timestamp;
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// Returns the database's time.
pub async fn heartbeat(
    connection: &mut PgConnection,
    process: &ProcessInfo,
    counts: ProcessCounts,
) -> sqlx::Result<Timestamp> {
    let role: &str = process.role.into();
    sqlx::query_scalar!(
        r#"INSERT INTO operations.processes
             (id, role, host, pid, version, assignments, in_flight, handled, retried, dead, started_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())
         ON CONFLICT (id) DO UPDATE SET in_flight = $7, handled = $8, retried = $9, dead = $10, last_seen_at = now()
         RETURNING clock_timestamp() AS "now!""#,
        process.id,
        role,
        process.host,
        i32::try_from(process.pid).unwrap_or(i32::MAX),
        process.version,
        &process.assignments,
        count(counts.in_flight),
        count(counts.handled),
        count(counts.retried),
        count(counts.dead),
        process.started_at,
    )
    .fetch_one(connection)
    .await
}

pub async fn delete(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM operations.processes WHERE id = $1", id).execute(connection).await?;
    Ok(())
}

pub async fn prune(connection: &mut PgConnection, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM operations.processes WHERE id IN
             (SELECT id FROM operations.processes WHERE last_seen_at < $1 LIMIT $2)",
        before,
        i64::from(limit),
    );
    Ok(pruned.execute(connection).await?.rows_affected())
}

pub async fn list(connection: &mut PgConnection, silent_after: Duration, limit: u32) -> sqlx::Result<Vec<ProcessView>> {
    sqlx::query_as!(
        ProcessView,
        r#"SELECT id, role, host, pid, version, assignments, in_flight, handled, retried, dead, started_at, last_seen_at,
                  last_seen_at > now() - make_interval(secs => $1) AS "alive!"
           FROM operations.processes ORDER BY last_seen_at DESC, id LIMIT $2"#,
        silent_after.as_secs_f64(),
        i64::from(limit),
    )
    .fetch_all(connection)
    .await
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
