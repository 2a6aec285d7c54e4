//! The schedule: the tasks, their leaders, their next runs and their history.
//!
//! Leadership is one lease per task, by the database's clock: a scheduler renews its leases and acquires those that are
//! free. The leases of a killed scheduler expire; a scheduler that stops releases them. A scheduler that was frozen may
//! still consider itself the leader, so every task must also be safe when two schedulers run it at once.

pub use crate::model::schedule::{Lease, Run, RunView, SchedulerId, TaskView};

use crate::store;
use domain::Timestamp;
use sqlx::PgPool;
use std::time::Duration;

/// Stores the tasks, each with its period.
pub async fn enroll(pool: &PgPool, tasks: &[(&str, Duration)]) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::schedule::enroll(&mut connection, tasks).await?;
    connection.commit().await
}

/// Renews the leases of `scheduler` for the duration `lease`, acquires the free ones of `tasks`, and returns all its
/// leases.
pub async fn renew_leases(
    pool: &PgPool,
    scheduler: &SchedulerId,
    tasks: &[&str],
    lease: Duration,
) -> sqlx::Result<Vec<Lease>> {
    let mut connection = platform::postgres::writer(pool).await?;
    let leases = store::schedule::renew_leases(&mut connection, scheduler, tasks, lease).await?;
    connection.commit().await?;
    Ok(leases)
}

/// Releases all leases of `scheduler`.
pub async fn release_leases(pool: &PgPool, scheduler: &SchedulerId) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::schedule::release_leases(&mut connection, scheduler).await?;
    connection.commit().await
}

/// Records a run: as the task's last run, and in the history unless it was idle.
pub async fn record(pool: &PgPool, scheduler: &SchedulerId, task: &str, run: &Run) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::schedule::record(&mut connection, scheduler, task, run).await?;
    connection.commit().await
}

/// Deletes at most `limit` runs, and at most `limit` silent processes, from before `before`; returns their number.
pub async fn prune(pool: &PgPool, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let mut connection = platform::postgres::writer(pool).await?;
    let runs = store::schedule::prune(&mut connection, before, limit).await?;
    let processes = store::processes::prune(&mut connection, before, limit).await?;
    connection.commit().await?;
    Ok(runs + processes)
}

/// Lists all tasks that were ever enrolled.
pub async fn list_tasks(pool: &PgPool) -> sqlx::Result<Vec<TaskView>> {
    store::schedule::list(&mut *platform::postgres::reader(pool).await?).await
}

/// Lists at most `limit` runs of `task`, newest first, from before the run with the id `before`.
pub async fn list_runs(pool: &PgPool, task: &str, before: Option<i64>, limit: u32) -> sqlx::Result<Vec<RunView>> {
    store::schedule::runs(&mut *platform::postgres::reader(pool).await?, task, before, limit).await
}
