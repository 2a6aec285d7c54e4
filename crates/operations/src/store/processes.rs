//! `operations.processes`.

use crate::processes::{Identity, ProcessView, Work};
use domain::Timestamp;
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// Answers with the database's time.
pub async fn beat(connection: &mut PgConnection, identity: &Identity, work: Work) -> sqlx::Result<Timestamp> {
    let role: &str = identity.role.into();
    sqlx::query_scalar!(
        r#"INSERT INTO operations.processes
             (id, role, host, pid, version, duties, in_flight, handled, retried, dead, started_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())
         ON CONFLICT (id) DO UPDATE SET in_flight = $7, handled = $8, retried = $9, dead = $10, last_seen_at = now()
         RETURNING clock_timestamp() AS "now!""#,
        identity.id,
        role,
        identity.host,
        i32::try_from(identity.pid).unwrap_or(i32::MAX),
        identity.version,
        &identity.duties,
        count(work.in_flight),
        count(work.handled),
        count(work.retried),
        count(work.dead),
        identity.started_at,
    )
    .fetch_one(connection)
    .await
}

pub async fn forget(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
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
        r#"SELECT id, role, host, pid, version, duties, in_flight, handled, retried, dead, started_at, last_seen_at,
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
