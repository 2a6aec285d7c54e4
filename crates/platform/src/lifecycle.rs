//! How a process ends: told once, it finishes what it has begun; told twice, or out of time, it stops.

use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a process may take to finish what it has begun.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

/// The tasks of a process, and the token that tells them to finish.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
}

impl Lifecycle {
    /// Runs `task` until it ends by itself; it must watch `stopping`.
    #[expect(clippy::disallowed_methods, reason = "everybody else calls this")]
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.tasks.track_future(task));
    }

    /// Waits until `limit` has passed, `woken` happens, or the process is to stop.
    pub async fn pause(&self, limit: Duration, woken: impl Future<Output = ()>) {
        tokio::select! {
            () = tokio::time::sleep(limit) => {}
            () = woken => {}
            () = self.stopping.cancelled() => {}
        }
    }

    /// Waits for SIGTERM or SIGINT (or for `stopping`), then for the tasks. False when they did not end in time.
    pub async fn run_until_stopped(self) -> anyhow::Result<bool> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            () = self.stopping.cancelled() => {}
        }
        tracing::info!("stopping: finishing what has begun");
        self.stopping.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => Ok(true),
            _ = terminate.recv() => Ok(false),
            () = tokio::time::sleep(DRAIN_LIMIT) => Ok(false),
        }
    }
}
