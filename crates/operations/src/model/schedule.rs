//! Tasks, the leases of their leaders, and their runs.

use domain::Timestamp;
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
