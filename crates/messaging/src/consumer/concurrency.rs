//! Limits how many batches use the database at once (default: one per core). Running more makes every batch slower;
//! waiting instead lets batches grow, which lowers the cost per order.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limit that all consumers of a process share; cheap to clone.
#[derive(Debug, Clone)]
pub struct BatchLimiter(Arc<Semaphore>);

/// Allows one batch to use the database, until it is dropped or released.
#[derive(Debug)]
pub struct BatchPermit {
    limiter: BatchLimiter,
    permit: Option<OwnedSemaphorePermit>,
    /// How long the batch waited for the permit.
    pub(super) waited: Duration,
}

/// With two, one batch can wait for a round trip while another one works.
const BATCHES_MIN: usize = 2;

impl BatchLimiter {
    /// Allows `batches` at once, or one per core.
    pub fn new(batches: Option<usize>) -> Self {
        let cores = || available_parallelism().map_or(BATCHES_MIN, usize::from).max(BATCHES_MIN);
        Self(Arc::new(Semaphore::new(batches.unwrap_or_else(cores))))
    }

    pub(super) async fn acquire(&self) -> BatchPermit {
        let began = Instant::now();
        let permit = self.permit().await;
        BatchPermit { limiter: self.clone(), permit, waited: began.elapsed() }
    }

    /// Always `Some`: the semaphore is never closed.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

impl BatchPermit {
    /// Gives the permit back to the limiter.
    pub(super) fn release(&mut self) {
        self.permit = None;
    }

    /// Waits for a permit if this one was released.
    pub(super) async fn reacquire(&mut self) {
        if self.permit.is_none() {
            self.permit = self.limiter.permit().await;
        }
    }

    /// Awaits work that does not use the database. The permit is released for that time.
    pub(super) async fn release_while<T>(&mut self, work: impl Future<Output = T>) -> T {
        self.release();
        let output = work.await;
        self.reacquire().await;
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn a_permit_is_available_again_when_it_is_dropped() {
        let limiter = BatchLimiter::new(Some(1));
        let permit = limiter.acquire().await;

        assert!(limiter.acquire().now_or_never().is_none());
        drop(permit);
        assert!(limiter.acquire().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_released_permit_can_be_acquired_by_another_batch_and_the_first_then_waits_for_it() {
        let limiter = BatchLimiter::new(Some(1));
        let mut first = limiter.acquire().await;

        let second = first.release_while(async { limiter.acquire().now_or_never() });
        let mut second = std::pin::pin!(second);
        // The work has ended, but its output holds the second permit: reacquiring has to wait.
        assert!(second.as_mut().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_permit_that_was_released_by_cancelled_work_is_reacquired_on_demand() {
        let limiter = BatchLimiter::new(Some(1));
        let mut permit = limiter.acquire().await;
        assert!(permit.release_while(std::future::pending::<()>()).now_or_never().is_none());

        permit.reacquire().await;

        assert!(limiter.acquire().now_or_never().is_none());
    }
}
