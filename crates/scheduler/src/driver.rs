//! Runs a task again and again. Knows no task.
//!
//! Any number of schedulers may run the same task at once: each task claims its rows with `SKIP LOCKED` and states its
//! preconditions, so that two make the same as one.

use domain::Timestamp;
use futures::future::BoxFuture;
use platform::lifecycle::Lifecycle;
use std::time::{Duration, Instant};

/// Rows that a task takes at a time; a full batch is followed by the next at once.
pub const BATCH_MAX: u16 = 256;

/// How long a batch may take; only what hangs on a dead connection takes longer.
const BATCH_LIMIT: Duration = Duration::from_mins(1);

/// Something to do every so often.
pub struct Task {
    pub name: &'static str,
    pub period: Duration,
    /// Does one batch and answers how many rows it took.
    pub run: Box<dyn Fn(Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync>,
}

/// Runs `task` until the process stops. A failure is logged, and the next period tries again.
pub async fn run(task: Task, lifecycle: Lifecycle) {
    while !lifecycle.stopping.is_cancelled() {
        if !run_once(&task).await {
            lifecycle.pause(task.period, std::future::pending()).await;
        }
    }
}

/// True when there is more to do at once.
async fn run_once(task: &Task) -> bool {
    let began = Instant::now();
    let batch = tokio::time::timeout(BATCH_LIMIT, (task.run)(platform::clock::now()));
    match batch.await.unwrap_or_else(|_| Err(anyhow::anyhow!("it took longer than {BATCH_LIMIT:?}"))) {
        Ok(0) => false,
        Ok(rows) => {
            tracing::info!(
                task = task.name,
                rows,
                duration_ms = platform::telemetry::milliseconds(began.elapsed()),
                "Did a task"
            );
            rows >= usize::from(BATCH_MAX)
        }
        Err(error) => {
            tracing::warn!(task = task.name, error = format!("{error:#}"), "A task failed and will be tried again");
            false
        }
    }
}
