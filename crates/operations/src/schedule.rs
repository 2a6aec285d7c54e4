//! The schedule: the tasks, their leaders, their next runs and their history.
//!
//! Leadership is one lease per task, by the database's clock: a scheduler renews its leases and acquires those that are
//! free. The leases of a killed scheduler expire; a scheduler that stops releases them. A scheduler that was frozen may
//! still consider itself the leader, so every task must also be safe when two schedulers run it at once.

use crate::store;
use domain::Timestamp;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// Identifies a scheduler.
#[derive(Debug, Clone)]
pub struct SchedulerId {
    /// A new one at every start.
    pub id: Uuid,
    /// A readable name: role, host and pid.
    pub name: String,
}

/// The lease of a task that this scheduler leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub task: String,
    pub next_run_at: Timestamp,
}

/// A finished run of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub started_at: Timestamp,
    pub took: Duration,
    /// The number of rows that it processed.
    pub rows: u64,
    /// The error that ended the run, if it failed.
    pub error: Option<String>,
    pub next_run_at: Timestamp,
}

impl Run {
    /// `done`, `idle` (there was nothing to do) or `failed`.
    pub fn result(&self) -> &'static str {
        match (&self.error, self.rows) {
            (Some(_), _) => "failed",
            (None, 0) => "idle",
            (None, _) => "done",
        }
    }
}

/// A task with its leader and its last run.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    pub name: String,
    pub period_ms: i64,
    /// The name of the scheduler that leads it.
    pub leader: Option<String>,
    pub next_run_at: Timestamp,
    pub last_run_at: Option<Timestamp>,
    pub last_duration_ms: Option<f64>,
    /// `done`, `idle` or `failed`
    pub last_result: Option<String>,
    pub last_rows: Option<i64>,
    pub last_error: Option<String>,
}

/// A run in the history: one that processed rows, or failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    pub id: i64,
    pub started_at: Timestamp,
    pub duration_ms: f64,
    /// `done` or `failed`
    pub result: String,
    pub rows: i64,
    pub error: Option<String>,
    /// The name of the scheduler that ran the task.
    pub scheduler: String,
}

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
