//! Bulkheads: when a provider or a payment method stops answering, the calls to the others must go on.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// A call that takes less than this counts as answered promptly. A batch waits for its calls, and a call for capacity
/// of a slow bulkhead, no longer than this.
pub(crate) const PROMPT_LIMIT: Duration = Duration::from_millis(100);

/// How long a call waits for capacity of a bulkhead whose calls are answered promptly.
const CAPACITY_LIMIT: Duration = Duration::from_secs(2);

/// The maximum number of concurrent calls in a process; clones share it.
#[derive(Debug, Clone)]
pub struct CallLimit(Arc<Semaphore>);

/// Calls that fail together, for instance because they use the same provider. Limits how many of them run at once, and
/// respects an outer limit: a [`CallLimit`] that several bulkheads share, or a bulkhead that this one is a part of.
/// Clones share it.
#[derive(Debug, Clone)]
pub struct Bulkhead(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    own: Arc<Semaphore>,
    outer: Outer,
    status: Mutex<Status>,
}

#[derive(Debug)]
enum Outer {
    Limit(CallLimit),
    Bulkhead(Bulkhead),
}

#[derive(Debug)]
struct Status {
    in_flight: usize,
    /// When a call was last answered promptly, or when the first of the calls in flight began.
    prompt_at: Instant,
}

/// A call that is in flight, until this is dropped.
#[derive(Debug)]
pub struct CallPermit {
    bulkhead: Bulkhead,
    began: Instant,
    _own: OwnedSemaphorePermit,
    _outer: OuterPermit,
}

#[derive(Debug)]
enum OuterPermit {
    Limit { _permit: OwnedSemaphorePermit },
    Bulkhead { _permit: Box<CallPermit> },
}

impl CallLimit {
    pub fn of(calls: usize) -> Self {
        Self(Arc::new(Semaphore::new(calls)))
    }
}

impl Bulkhead {
    /// Allows `calls` at once, and no more than `shared` together with the other bulkheads of that limit.
    pub fn of(calls: usize, shared: &CallLimit) -> Self {
        Self::with_outer(calls, Outer::Limit(shared.clone()))
    }

    /// A part of this bulkhead, which allows `calls` of it at once. Its calls are calls of this one too.
    #[must_use]
    pub fn part(&self, calls: usize) -> Self {
        Self::with_outer(calls, Outer::Bulkhead(self.clone()))
    }

    fn with_outer(calls: usize, outer: Outer) -> Self {
        let status = Mutex::new(Status { in_flight: 0, prompt_at: Instant::now() });
        Self(Arc::new(Inner { own: Arc::new(Semaphore::new(calls)), outer, status }))
    }

    /// `None` when no permit becomes available within [`PROMPT_LIMIT`], or within [`CAPACITY_LIMIT`] while other calls
    /// are answered promptly: the calls of a large batch then follow one another instead of being deferred.
    pub(crate) async fn acquire(&self) -> Option<CallPermit> {
        let began = Instant::now();
        let mut permit = pin!(self.permit());
        loop {
            if let Ok(permit) = timeout(PROMPT_LIMIT, permit.as_mut()).await {
                return permit;
            }
            if self.is_slow() || began.elapsed() >= CAPACITY_LIMIT {
                return None;
            }
        }
    }

    async fn permit(&self) -> Option<CallPermit> {
        let own = Arc::clone(&self.0.own).acquire_owned().await.ok()?;
        let outer = match &self.0.outer {
            Outer::Limit(limit) => OuterPermit::Limit { _permit: Arc::clone(&limit.0).acquire_owned().await.ok()? },
            Outer::Bulkhead(outer) => OuterPermit::Bulkhead { _permit: Box::new(Box::pin(outer.permit()).await?) },
        };
        let mut status = self.status();
        if status.in_flight == 0 {
            status.prompt_at = Instant::now();
        }
        status.in_flight += 1;
        drop(status);
        Some(CallPermit { bulkhead: self.clone(), began: Instant::now(), _own: own, _outer: outer })
    }

    /// None of the calls in flight was answered promptly, here or in the outer bulkhead.
    pub(crate) fn is_slow(&self) -> bool {
        let status = self.status();
        let is_slow = status.in_flight > 0 && status.prompt_at.elapsed() >= PROMPT_LIMIT;
        drop(status);
        is_slow || self.outer().is_some_and(Self::is_slow)
    }

    /// All permits, here or in the outer bulkhead, are held by unanswered calls.
    pub(crate) fn is_blocked(&self) -> bool {
        self.0.own.available_permits() == 0 && self.is_slow() || self.outer().is_some_and(Self::is_blocked)
    }

    /// This is the only clone: no call is in flight or waits for a permit.
    pub fn is_unused(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    fn outer(&self) -> Option<&Self> {
        match &self.0.outer {
            Outer::Limit(_) => None,
            Outer::Bulkhead(outer) => Some(outer),
        }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.0.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        let mut status = self.bulkhead.status();
        status.in_flight -= 1;
        if self.began.elapsed() < PROMPT_LIMIT {
            status.prompt_at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bulkhead_full_of_unanswered_calls_refuses_more_and_does_not_affect_the_others() {
        let shared = CallLimit::of(3);
        let (dead, alive) = (Bulkhead::of(2, &shared), Bulkhead::of(2, &shared));
        let hanging = [dead.acquire().await, dead.acquire().await];

        assert!(hanging.iter().all(Option::is_some));
        assert!(dead.acquire().await.is_none());
        assert!(dead.is_blocked());
        assert!(alive.acquire().await.is_some());
        assert!(!alive.is_blocked());
        drop(hanging);
        assert!(dead.acquire().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn all_bulkheads_together_allow_no_more_calls_than_their_shared_limit() {
        let shared = CallLimit::of(2);
        let (one, other) = (Bulkhead::of(2, &shared), Bulkhead::of(2, &shared));
        let _hanging = [one.acquire().await, one.acquire().await];

        assert!(other.acquire().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_bulkhead_with_prompt_calls_is_not_blocked() {
        let bulkhead = Bulkhead::of(1, &CallLimit::of(1));
        tokio::time::advance(PROMPT_LIMIT * 2).await;

        let first = bulkhead.acquire().await;
        assert!(!bulkhead.is_blocked());
        tokio::time::advance(PROMPT_LIMIT / 2).await;
        drop(first);
        let _second = bulkhead.acquire().await;
        tokio::time::advance(PROMPT_LIMIT / 2).await;

        assert!(!bulkhead.is_blocked());
    }
    #[tokio::test(start_paused = true)]
    async fn unanswered_calls_of_a_part_leave_the_rest_of_the_bulkhead_to_others() {
        let method = Bulkhead::of(3, &CallLimit::of(3));
        let (one, other) = (method.part(2), method.part(2));
        let _hanging = [one.acquire().await, one.acquire().await];

        assert!(one.acquire().await.is_none() && one.is_blocked());
        assert!(!other.is_blocked() && !method.is_blocked());
        let third = other.acquire().await;
        assert!(third.is_some());
        assert!(other.acquire().await.is_none(), "the whole allows three calls");
        tokio::time::advance(PROMPT_LIMIT).await;
        assert!(method.is_blocked() && other.is_blocked());
        drop(third);
        assert!(!other.is_blocked());
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_of_a_slow_bulkhead_is_slow_and_a_slow_part_is_in_a_prompt_bulkhead() {
        let method = Bulkhead::of(4, &CallLimit::of(4));
        let (one, other) = (method.part(2), method.part(2));
        let _hanging = one.acquire().await;
        tokio::time::advance(PROMPT_LIMIT).await;

        assert!(one.is_slow() && method.is_slow() && other.is_slow());
        drop(other.acquire().await);
        assert!(one.is_slow() && !method.is_slow() && !other.is_slow());
    }
    #[tokio::test(start_paused = true)]
    async fn a_call_waits_its_turn_while_the_calls_before_it_are_answered_promptly() {
        let bulkhead = Bulkhead::of(1, &CallLimit::of(1));
        let calls = (0..8).map(|_| async {
            let permit = bulkhead.acquire().await;
            let _answer = timeout(PROMPT_LIMIT / 2, std::future::pending::<()>()).await;
            permit.is_some()
        });

        let called = futures::future::join_all(calls).await;

        assert_eq!(called, [true; 8]);
    }
}
