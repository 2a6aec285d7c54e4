//! The schedule: which tasks there are, who leads each at present, when it runs next, and how it went.
//!
//! Leadership is a lease by the database's clock, a task each: a scheduler renews what it leads and takes what nobody
//! does. Whoever is killed loses its tasks when its leases end; whoever stops gives them back. A scheduler that was
//! frozen may believe to lead when it does not: so every task is also safe when two run it at once.

use crate::store;
use domain::Timestamp;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// A scheduler, as the others see it.
#[derive(Debug, Clone)]
pub struct Runner {
    /// A new one at every start.
    pub id: Uuid,
    /// For people: host and process.
    pub name: String,
}

/// A task that this scheduler leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Led {
    pub task: String,
    pub next_run_at: Timestamp,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub started_at: Timestamp,
    pub took: Duration,
    /// How many rows it took.
    pub rows: u64,
    /// What went wrong in the end, if anything did.
    pub error: Option<String>,
    pub next_run_at: Timestamp,
}

impl Run {
    /// In a word: `done`, `idle` (there was nothing to do) or `failed`.
    pub fn result(&self) -> &'static str {
        match (&self.error, self.rows) {
            (Some(_), _) => "failed",
            (None, 0) => "idle",
            (None, _) => "done",
        }
    }
}

/// A task as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    pub name: String,
    pub period_ms: i64,
    /// Who leads it, unless nobody does.
    pub leader: Option<String>,
    pub next_run_at: Timestamp,
    pub last_run_at: Option<Timestamp>,
    pub last_duration_ms: Option<f64>,
    /// `done`, `idle` or `failed`
    pub last_result: Option<String>,
    pub last_rows: Option<i64>,
    pub last_error: Option<String>,
}

/// A line of the history: a run that did something, or failed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    pub id: i64,
    pub started_at: Timestamp,
    pub duration_ms: f64,
    /// `done` or `failed`
    pub result: String,
    pub rows: i64,
    pub error: Option<String>,
    pub runner: String,
}

/// Makes sure that the tasks are known, each with its period.
pub async fn enroll(pool: &PgPool, tasks: &[(&str, Duration)]) -> sqlx::Result<()> {
    store::schedule::enroll(&mut *pool.acquire().await?, tasks).await
}

/// Renews the leases of `runner` for `lease`, takes those of `tasks` that nobody leads, and answers with all it leads.
pub async fn lead(pool: &PgPool, runner: &Runner, tasks: &[&str], lease: Duration) -> sqlx::Result<Vec<Led>> {
    store::schedule::lead(&mut *pool.acquire().await?, runner, tasks, lease).await
}

/// Gives back whatever `runner` leads.
pub async fn let_go(pool: &PgPool, runner: &Runner) -> sqlx::Result<()> {
    store::schedule::let_go(&mut *pool.acquire().await?, runner).await
}

/// Writes down how a run went: as the task's last, and in the history if it did something or failed.
pub async fn record(pool: &PgPool, runner: &Runner, task: &str, run: &Run) -> sqlx::Result<()> {
    store::schedule::record(&mut *pool.acquire().await?, runner, task, run).await
}

/// Forgets at most `limit` runs, and as many silent processes, from before `before`; says how many.
pub async fn prune(pool: &PgPool, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let mut connection = pool.acquire().await?;
    let runs = store::schedule::prune(&mut connection, before, limit).await?;
    Ok(runs + store::processes::prune(&mut connection, before, limit).await?)
}

/// All tasks that were ever enrolled.
pub async fn list_tasks(pool: &PgPool) -> sqlx::Result<Vec<TaskView>> {
    store::schedule::list(&mut *pool.acquire().await?).await
}

/// At most `limit` runs of `task`, the newest first, from before the one with the id `before`.
pub async fn list_runs(pool: &PgPool, task: &str, before: Option<i64>, limit: u32) -> sqlx::Result<Vec<RunView>> {
    store::schedule::runs(&mut *pool.acquire().await?, task, before, limit).await
}
