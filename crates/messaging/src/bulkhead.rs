//! Bulkheads: one provider, or one way to pay, that stops answering must not take the calls of the others with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// What a call may take and count as answered promptly: so long a batch waits for its calls, and a call for its place.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

/// How many calls may be under way at once in a process; clones share it.
#[derive(Debug, Clone)]
pub struct CallLimit(Arc<Semaphore>);

/// Calls that share a fate: so many at once, and together with others no more than a [`CallLimit`]. Clones share it.
#[derive(Debug, Clone)]
pub struct Bulkhead(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    own: Arc<Semaphore>,
    all: CallLimit,
    traffic: Mutex<Traffic>,
}

#[derive(Debug)]
struct Traffic {
    under_way: usize,
    /// When a call was last answered promptly, or the first of those under way began.
    prompt_at: Instant,
}

/// A call that is under way, until this is dropped.
#[derive(Debug)]
pub struct CallPermit {
    bulkhead: Bulkhead,
    began: Instant,
    _permits: [OwnedSemaphorePermit; 2],
}

impl CallLimit {
    pub fn of(calls: usize) -> Self {
        Self(Arc::new(Semaphore::new(calls)))
    }
}

impl Bulkhead {
    pub fn of(calls: usize, all: &CallLimit) -> Self {
        let traffic = Mutex::new(Traffic { under_way: 0, prompt_at: Instant::now() });
        Self(Arc::new(Inner { own: Arc::new(Semaphore::new(calls)), all: all.clone(), traffic }))
    }

    /// None when no place becomes free in time.
    pub(crate) async fn enter(&self) -> Option<CallPermit> {
        let permits = async {
            let own = Arc::clone(&self.0.own).acquire_owned().await.ok()?;
            Some([own, Arc::clone(&self.0.all.0).acquire_owned().await.ok()?])
        };
        let permits = timeout(GRACE, permits).await.ok().flatten()?;
        let mut traffic = self.traffic();
        if traffic.under_way == 0 {
            traffic.prompt_at = Instant::now();
        }
        traffic.under_way += 1;
        drop(traffic);
        Some(CallPermit { bulkhead: self.clone(), began: Instant::now(), _permits: permits })
    }

    /// None of the calls under way was answered promptly.
    pub(crate) fn is_slow(&self) -> bool {
        let traffic = self.traffic();
        traffic.under_way > 0 && traffic.prompt_at.elapsed() >= GRACE
    }

    /// All places are taken by calls that are not answered.
    pub(crate) fn is_blocked(&self) -> bool {
        self.0.own.available_permits() == 0 && self.is_slow()
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.0.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        let mut traffic = self.bulkhead.traffic();
        traffic.under_way -= 1;
        if self.began.elapsed() < GRACE {
            traffic.prompt_at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bulkhead_that_is_full_of_unanswered_calls_refuses_more_and_leaves_the_others_alone() {
        let all = CallLimit::of(3);
        let (dead, alive) = (Bulkhead::of(2, &all), Bulkhead::of(2, &all));
        let hanging = [dead.enter().await, dead.enter().await];

        assert!(hanging.iter().all(Option::is_some));
        assert!(dead.enter().await.is_none());
        assert!(dead.is_blocked());
        assert!(alive.enter().await.is_some());
        assert!(!alive.is_blocked());
        drop(hanging);
        assert!(dead.enter().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn all_bulkheads_together_are_no_larger_than_the_limit() {
        let all = CallLimit::of(2);
        let (one, other) = (Bulkhead::of(2, &all), Bulkhead::of(2, &all));
        let _hanging = [one.enter().await, one.enter().await];

        assert!(other.enter().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_bulkhead_whose_calls_are_answered_is_not_blocked() {
        let bulkhead = Bulkhead::of(1, &CallLimit::of(1));
        tokio::time::advance(GRACE * 2).await;

        let first = bulkhead.enter().await;
        assert!(!bulkhead.is_blocked());
        tokio::time::advance(GRACE / 2).await;
        drop(first);
        let _second = bulkhead.enter().await;
        tokio::time::advance(GRACE / 2).await;

        assert!(!bulkhead.is_blocked());
    }
}
