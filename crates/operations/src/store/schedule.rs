//! `operations.tasks` and `operations.task_runs`. Leases use the database's clock, so that the clocks of schedulers
//! need not agree.

use crate::model::schedule::{Lease, Run, RunView, SchedulerId, TaskView};
use domain::Timestamp;
use sqlx::PgConnection;
use std::time::Duration;

pub async fn enroll(connection: &mut PgConnection, tasks: &[(&str, Duration)]) -> sqlx::Result<()> {
    let name: Vec<_> = tasks.iter().map(|(name, _)| *name).collect();
    let period_ms: Vec<_> =
        tasks.iter().map(|(_, period)| i64::try_from(period.as_millis()).unwrap_or(i64::MAX)).collect();
    sqlx::query!(
        "INSERT INTO operations.tasks AS task (name, period_ms)
         SELECT unnest($1::text[]) AS name, unnest($2::bigint[]) AS period_ms ORDER BY name
         ON CONFLICT (name) DO UPDATE SET period_ms = excluded.period_ms WHERE task.period_ms <> excluded.period_ms",
        &name as &[&str],
        &period_ms,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn renew_leases(
    connection: &mut PgConnection,
    scheduler: &SchedulerId,
    tasks: &[&str],
    lease: Duration,
) -> sqlx::Result<Vec<Lease>> {
    let SchedulerId { id: leader, name: leader_name } = scheduler;
    sqlx::query_as!(
        Lease,
        r#"WITH free AS MATERIALIZED (
               SELECT name FROM operations.tasks
               WHERE name = ANY ($2) AND (leader = $1 OR leader IS NULL OR leased_until < now())
               ORDER BY name FOR NO KEY UPDATE SKIP LOCKED)
           UPDATE operations.tasks AS task
           SET leader = $1, leader_name = $3, leased_until = now() + make_interval(secs => $4)
           FROM free WHERE task.name = free.name
           RETURNING task.name AS task, task.next_run_at"#,
        leader,
        tasks as &[&str],
        leader_name,
        lease.as_secs_f64(),
    )
    .fetch_all(connection)
    .await
}

pub async fn release_leases(connection: &mut PgConnection, scheduler: &SchedulerId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE operations.tasks SET leader = NULL, leader_name = NULL, leased_until = NULL WHERE leader = $1",
        scheduler.id
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn record(connection: &mut PgConnection, scheduler: &SchedulerId, task: &str, run: &Run) -> sqlx::Result<()> {
    let (result, rows) = (run.result(), i64::try_from(run.rows).unwrap_or(i64::MAX));
    let duration_ms = platform::telemetry::milliseconds(run.took);
    sqlx::query!(
        "WITH recorded AS (
             INSERT INTO operations.task_runs (task, started_at, duration_ms, result, rows, error, scheduler)
             SELECT $1::text AS task, $2::timestamptz AS started_at, $3::float8 AS duration_ms, $4::text AS result,
                    $5::bigint AS rows, $6::text AS error, $7::text AS scheduler
             WHERE $4 <> 'idle')
         UPDATE operations.tasks
         SET last_run_at = $2, last_duration_ms = $3, last_result = $4, last_rows = $5, last_error = $6,
             next_run_at = $8
         WHERE name = $1",
        task,
        run.started_at,
        duration_ms,
        result,
        rows,
        run.error,
        scheduler.name,
        run.next_run_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn prune(connection: &mut PgConnection, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let pruned = sqlx::query!(
        "DELETE FROM operations.task_runs WHERE id IN
             (SELECT id FROM (SELECT id, started_at FROM operations.task_runs ORDER BY id LIMIT $2) AS oldest
              WHERE started_at < $1)",
        before,
        i64::from(limit),
    )
    .execute(connection)
    .await?;
    Ok(pruned.rows_affected())
}

pub async fn list(connection: &mut PgConnection) -> sqlx::Result<Vec<TaskView>> {
    sqlx::query_as!(
        TaskView,
        r#"SELECT name, period_ms, CASE WHEN leased_until >= now() THEN leader_name END AS leader, next_run_at,
                  last_run_at, last_duration_ms, last_result, last_rows, last_error
           FROM operations.tasks ORDER BY name"#
    )
    .fetch_all(connection)
    .await
}

pub async fn runs(
    connection: &mut PgConnection,
    task: &str,
    before: Option<i64>,
    limit: u32,
) -> sqlx::Result<Vec<RunView>> {
    sqlx::query_as!(
        RunView,
        "SELECT id, started_at, duration_ms, result, rows, error, scheduler
         FROM operations.task_runs WHERE task = $1 AND id < coalesce($2, 9223372036854775807)
         ORDER BY id DESC LIMIT $3",
        task,
        before,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await
}
