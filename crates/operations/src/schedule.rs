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
    store::schedule::enroll(&mut *pool.acquire().await?, tasks).await
}

/// Renews the leases of `scheduler` for the duration `lease`, acquires the free ones of `tasks`, and returns all its
/// leases.
pub async fn renew_leases(
    pool: &PgPool,
    scheduler: &SchedulerId,
    tasks: &[&str],
    lease: Duration,
) -> sqlx::Result<Vec<Lease>> {
    store::schedule::renew_leases(&mut *pool.acquire().await?, scheduler, tasks, lease).await
}

/// Releases all leases of `scheduler`.
pub async fn release_leases(pool: &PgPool, scheduler: &SchedulerId) -> sqlx::Result<()> {
    store::schedule::release_leases(&mut *pool.acquire().await?, scheduler).await
}

/// Records a run: as the task's last run, and in the history unless it was idle.
pub async fn record(pool: &PgPool, scheduler: &SchedulerId, task: &str, run: &Run) -> sqlx::Result<()> {
    store::schedule::record(&mut *pool.acquire().await?, scheduler, task, run).await
}

/// Deletes at most `limit` runs, and at most `limit` silent processes, from before `before`; returns their number.
pub async fn prune(pool: &PgPool, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let mut connection = pool.acquire().await?;
    let runs = store::schedule::prune(&mut connection, before, limit).await?;
    Ok(runs + store::processes::prune(&mut connection, before, limit).await?)
}

/// Lists all tasks that were ever enrolled.
pub async fn list_tasks(pool: &PgPool) -> sqlx::Result<Vec<TaskView>> {
    store::schedule::list(&mut *pool.acquire().await?).await
}

/// Lists at most `limit` runs of `task`, newest first, from before the run with the id `before`.
pub async fn list_runs(pool: &PgPool, task: &str, before: Option<i64>, limit: u32) -> sqlx::Result<Vec<RunView>> {
    store::schedule::runs(&mut *pool.acquire().await?, task, before, limit).await
}
