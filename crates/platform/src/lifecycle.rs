//! The shutdown of a process: after the first signal it finishes the work in progress; after a second one, or a time
//! limit, it stops.

use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a process may take to finish the work in progress.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

/// The tasks of a process, and the token that is cancelled when they must finish; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
    failed: Arc<AtomicBool>,
}

impl Lifecycle {
    /// Spawns `task`, which must end when `stopping` is cancelled. A panic of a task shuts the process down gracefully
    /// with a non-zero exit code, so that it is restarted. Otherwise it would keep running without that task.
    #[expect(clippy::disallowed_methods, reason = "all other code calls this")]
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let lifecycle = self.clone();
        tokio::spawn(self.tasks.track_future(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!("A task panicked; the process stops");
                lifecycle.fail();
            }
        }));
    }

    /// Shuts the process down gracefully with a non-zero exit code.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.stopping.cancel();
    }

    /// Sleeps until `limit` has passed, `woken` completes, or the process stops.
    pub async fn sleep_or_stop(&self, limit: Duration, woken: impl Future<Output = ()>) {
        tokio::select! {
            () = tokio::time::sleep(limit) => {}
            () = woken => {}
            () = self.stopping.cancelled() => {}
        }
    }

    /// Waits for SIGTERM or SIGINT (or for `stopping`), then for the tasks. Returns false when they did not end in
    /// time, or when one of them failed.
    pub async fn run_until_stopped(self) -> anyhow::Result<bool> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            () = self.stopping.cancelled() => {}
        }
        tracing::info!("stopping: finishing the work in progress");
        self.stopping.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => Ok(!self.failed.load(Ordering::Relaxed)),
            _ = terminate.recv() => Ok(false),
            () = tokio::time::sleep(DRAIN_LIMIT) => Ok(false),
        }
    }
}
