//! Runs a batch as one transaction. After a failure the batch is split into ever smaller parts until the failing
//! message is isolated, so that the others succeed.

use super::concurrency::BatchPermit;
use crate::broker::Backoff;
use crate::handle::HandleError;
use crate::unit_of_work::WriteContext;
use domain::messages::Queue;
use futures::FutureExt;
use platform::lifecycle::Lifecycle;
use platform::postgres::LockTimeout;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The delay between attempts while the database is unreachable: doubles from the minimum to the maximum.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How long a transaction of a whole batch may take. Longer than the limit of any statement: it only ends transactions
/// that hang on a connection whose peer is gone.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(20);
/// How long a transaction of a part of a failed batch may take.
const PART_LIMIT: Duration = Duration::from_secs(5);
/// How many parts a failed part is split into.
const DIVISOR: usize = 4;
/// How long a batch may search for the message that needs a locked row. Parts that are still blocked after that are
/// retried later as a whole.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);
/// For how long after a lock timeout batches use a shorter one: the same row is likely still locked.
const CAUTION: Duration = Duration::from_secs(30);

/// The result for one message of a batch, or the error that it failed with when it was isolated.
pub(super) type Outcome<R> = Result<R, String>;

/// What the transactions of a queue need.
#[derive(Debug)]
pub struct Context {
    pub(super) queue: Queue,
    pub(super) write: WriteContext,
    pub(super) lifecycle: Lifecycle,
    last_blocked: Mutex<Option<Instant>>,
}

/// The progress of one batch: its outcomes so far, and the parts that are still to run.
struct SplitBatch<R> {
    outcomes: Vec<Option<Outcome<R>>>,
    parts: Vec<Range<usize>>,
    lock_timeout: LockTimeout,
    /// The attempt with the whole batch is over: parts run now.
    is_split: bool,
    search_until: Option<Instant>,
}

impl Context {
    pub fn new(queue: Queue, write: WriteContext, lifecycle: Lifecycle) -> Self {
        Self { queue, write, lifecycle, last_blocked: Mutex::default() }
    }

    /// Runs `attempt` for all `length` messages together, and for ever smaller ranges of them after failures. Returns
    /// one outcome per message, in order; `None` when the process stops before all are known.
    ///
    /// Every failure is attributed to one message of the range until it is isolated, lock timeouts and transaction
    /// timeouts included. Only while the database is unreachable does the whole batch wait.
    pub(super) async fn run_isolating<R, F>(
        &self,
        length: usize,
        permit: &mut BatchPermit,
        attempt: impl Fn(Range<usize>, LockTimeout) -> F + Send + Sync,
    ) -> Option<Vec<Outcome<R>>>
    where
        R: Send,
        F: Future<Output = Result<Vec<R>, HandleError>> + Send,
    {
        let mut batch = SplitBatch::of(length, self.initial_lock_timeout());
        let mut backoff = Backoff::new(BACKOFF_MIN, BACKOFF_MAX);
        while !batch.parts.is_empty() {
            permit.reacquire().await;
            if !self.try_parts(&mut batch, &attempt).await {
                continue;
            }
            permit.release();
            backoff.wait(&self.lifecycle).await;
            if self.lifecycle.stopping.is_cancelled() {
                return None;
            }
        }
        batch.outcomes.into_iter().collect()
    }

    /// Returns true when the database was unreachable for a part; it and the remaining parts must then run again.
    async fn try_parts<R, F>(
        &self,
        batch: &mut SplitBatch<R>,
        attempt: &(impl Fn(Range<usize>, LockTimeout) -> F + Send + Sync),
    ) -> bool
    where
        R: Send,
        F: Future<Output = Result<Vec<R>, HandleError>> + Send,
    {
        let limit = if batch.is_split { PART_LIMIT } else { TRANSACTION_LIMIT };
        let mut parts = std::mem::take(&mut batch.parts).into_iter();
        // Sequentially: concurrent parts would wait for each other's locks.
        while let Some(part) = parts.next() {
            match limited(attempt(part.clone(), batch.lock_timeout), limit).await {
                Ok(done) => batch.complete(part, done),
                Err(HandleError::Unavailable(error)) => {
                    let messages = part.len();
                    tracing::warn!(%error, queue = %self.queue, messages, "A batch waits for the database");
                    batch.parts.push(part);
                    batch.parts.extend(parts);
                    return true;
                }
                Err(error) => {
                    let messages = part.len();
                    tracing::warn!(%error, queue = %self.queue, messages, "A batch failed and is retried in parts");
                    self.remember_if_blocked(&error);
                    batch.split(part, &error);
                }
            }
        }
        batch.is_split = true;
        false
    }

    fn initial_lock_timeout(&self) -> LockTimeout {
        let last_blocked = *self.last_blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = last_blocked.is_some_and(|at| at.elapsed() < CAUTION);
        if is_recent { LockTimeout::Short } else { LockTimeout::Session }
    }

    fn remember_if_blocked(&self, error: &HandleError) {
        if matches!(error, HandleError::Blocked(_)) {
            *self.last_blocked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

impl<R> SplitBatch<R> {
    fn of(length: usize, lock_timeout: LockTimeout) -> Self {
        let all = (length > 0).then_some(0..length);
        let outcomes = std::iter::repeat_with(|| None).take(length).collect();
        Self { outcomes, parts: all.into_iter().collect(), lock_timeout, is_split: false, search_until: None }
    }

    fn complete(&mut self, part: Range<usize>, done: Vec<R>) {
        for (index, outcome) in part.zip(done) {
            self.outcomes[index] = Some(Ok(outcome));
        }
    }

    /// A batch of one message also runs a second time: a deadlock is resolved by then, a broken connection replaced.
    fn split(&mut self, part: Range<usize>, error: &HandleError) {
        let is_blocked = matches!(error, HandleError::Blocked(_));
        let search_until = *self.search_until.get_or_insert_with(|| Instant::now() + SEARCH_LIMIT);
        let is_over = part.len() == 1 || (is_blocked && Instant::now() > search_until);
        if self.is_split && is_over {
            for index in part {
                self.outcomes[index] = Some(Err(error.to_string()));
            }
            return;
        }
        if is_blocked {
            self.lock_timeout = LockTimeout::Search;
        }
        let size = part.len().div_ceil(DIVISOR);
        self.parts.extend(part.clone().step_by(size).map(|start| start..part.end.min(start + size)));
    }
}

/// A panic fails only the batch that it happens in, not the process.
async fn limited<R>(
    attempt: impl Future<Output = Result<Vec<R>, HandleError>>,
    limit: Duration,
) -> Result<Vec<R>, HandleError> {
    match timeout(limit, AssertUnwindSafe(attempt).catch_unwind()).await {
        Err(_too_slow) => Err(HandleError::Failed(format!("the transaction took longer than {limit:?}").into())),
        Ok(Err(_panic)) => Err(HandleError::Failed("the handler panicked".into())),
        Ok(Ok(result)) => result,
    }
}
