//! How a process ends: told once, it finishes what it has begun; told twice, or out of time, it stops.

use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    panicked: Arc<AtomicBool>,
}

impl Lifecycle {
    /// Runs `task` until it ends by itself; it must watch `stopping`. One that panics takes the process down: it stops in
    /// good order, exits non-zero and is started anew, where it would live on as half of itself.
    #[expect(clippy::disallowed_methods, reason = "everybody else calls this")]
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stopping, panicked) = (self.stopping.clone(), Arc::clone(&self.panicked));
        tokio::spawn(self.tasks.track_future(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!("A task of this process panicked; it stops");
                panicked.store(true, Ordering::Relaxed);
                stopping.cancel();
            }
        }));
    }

    /// Waits until `limit` has passed, `woken` happens, or the process is to stop.
    pub async fn pause(&self, limit: Duration, woken: impl Future<Output = ()>) {
        tokio::select! {
            () = tokio::time::sleep(limit) => {}
            () = woken => {}
            () = self.stopping.cancelled() => {}
        }
    }

    /// Waits for SIGTERM or SIGINT (or for `stopping`), then for the tasks. False when they did not end in time, or when
    /// one of them panicked.
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
            () = self.tasks.wait() => Ok(!self.panicked.load(Ordering::Relaxed)),
            _ = terminate.recv() => Ok(false),
            () = tokio::time::sleep(DRAIN_LIMIT) => Ok(false),
        }
    }
}
