//! Carries out a batch; what fails is divided until the culprit stands alone, and the others go through.

use super::concurrency::Turn;
use crate::handle::HandleError;
use crate::outbox::Relay;
use domain::messages::Queue;
use futures::FutureExt;
use platform::lifecycle::Lifecycle;
use platform::postgres::LockWait;
use sqlx::PgPool;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a batch rests when the database is away: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How long a transaction of a batch may take. Longer than any statement may by itself: it ends only what hangs on a
/// connection whose other end is gone without a word.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(20);
/// The same for a part of a batch that failed.
const PART_LIMIT: Duration = Duration::from_secs(5);
/// Into how many parts a part that failed is divided.
const DIVISOR: usize = 4;
/// How long a batch may look for the row that is locked; parts that are still blocked then are tried again later as a whole.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);
/// For how long after a lock was met batches wait less for the next one: it may well be the same.
const CAUTION: Duration = Duration::from_secs(30);

/// What came of one message of a batch, or why it failed alone.
pub(super) type Outcome<R> = Result<R, String>;

/// What the batches of a queue work with.
#[derive(Debug)]
pub struct Context {
    pub(super) queue: Queue,
    pub(super) pool: PgPool,
    pub(super) relay: Relay,
    pub(super) lifecycle: Lifecycle,
    last_blocked: Mutex<Option<Instant>>,
}

/// The messages of a batch that are not decided yet.
struct Division<R> {
    outcomes: Vec<Option<Outcome<R>>>,
    parts: Vec<Range<usize>>,
    wait: LockWait,
    /// The first attempt is over: parts are tried now.
    divided: bool,
    search_until: Option<Instant>,
}

impl Context {
    pub fn new(queue: Queue, pool: PgPool, relay: Relay, lifecycle: Lifecycle) -> Self {
        Self { queue, pool, relay, lifecycle, last_blocked: Mutex::default() }
    }

    /// Tries all of `length` messages together; `attempt` is given the range to carry out. Answers with one outcome a
    /// message, in order; `None` when the process is to stop before all are there.
    ///
    /// A failure is taken for that of one message until it is known which, and a lock that is not released, or a
    /// transaction that takes too long, is no exception. Only while the database can't be reached all of them wait.
    pub(super) async fn divide<R, F>(
        &self,
        length: usize,
        turn: &mut Turn,
        attempt: impl Fn(Range<usize>, LockWait) -> F + Send + Sync,
    ) -> Option<Vec<Outcome<R>>>
    where
        R: Send,
        F: Future<Output = Result<Vec<R>, HandleError>> + Send,
    {
        let mut division = Division::of(length, self.first_wait());
        let mut backoff = BACKOFF_MIN;
        while !division.parts.is_empty() {
            turn.resume().await;
            if !self.try_parts(&mut division, &attempt).await {
                continue;
            }
            turn.leave();
            self.lifecycle.pause(backoff, std::future::pending()).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
            if self.lifecycle.stopping.is_cancelled() {
                return None;
            }
        }
        division.outcomes.into_iter().collect()
    }

    /// True when the database could not be reached for one of the parts, which then are tried again.
    async fn try_parts<R, F>(
        &self,
        division: &mut Division<R>,
        attempt: &(impl Fn(Range<usize>, LockWait) -> F + Send + Sync),
    ) -> bool
    where
        R: Send,
        F: Future<Output = Result<Vec<R>, HandleError>> + Send,
    {
        let limit = if division.divided { PART_LIMIT } else { TRANSACTION_LIMIT };
        let mut parts = std::mem::take(&mut division.parts).into_iter();
        // One after the other: side by side they would wait for one another's locks.
        while let Some(part) = parts.next() {
            match limited(attempt(part.clone(), division.wait), limit).await {
                Ok(done) => division.decide(part, done),
                Err(HandleError::Unavailable(error)) => {
                    tracing::warn!(%error, queue = %self.queue, messages = part.len(), "A batch waits for the database");
                    division.parts.push(part);
                    division.parts.extend(parts);
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, queue = %self.queue, messages = part.len(), "A batch failed and is tried again in parts");
                    self.note(&error);
                    division.divide(part, &error);
                }
            }
        }
        division.divided = true;
        false
    }

    fn first_wait(&self) -> LockWait {
        let last_blocked = *self.last_blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = last_blocked.is_some_and(|at| at.elapsed() < CAUTION);
        if is_recent { LockWait::Short } else { LockWait::Usual }
    }

    fn note(&self, error: &HandleError) {
        if matches!(error, HandleError::Blocked(_)) {
            *self.last_blocked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

impl<R> Division<R> {
    fn of(length: usize, wait: LockWait) -> Self {
        let all = (length > 0).then_some(0..length);
        let outcomes = std::iter::repeat_with(|| None).take(length).collect();
        Self { outcomes, parts: all.into_iter().collect(), wait, divided: false, search_until: None }
    }

    fn decide(&mut self, part: Range<usize>, done: Vec<R>) {
        for (place, outcome) in part.zip(done) {
            self.outcomes[place] = Some(Ok(outcome));
        }
    }

    /// What was alone from the start is tried a second time: a deadlock is over by then, a dead connection gone.
    fn divide(&mut self, part: Range<usize>, error: &HandleError) {
        let is_blocked = matches!(error, HandleError::Blocked(_));
        let search_until = *self.search_until.get_or_insert_with(|| Instant::now() + SEARCH_LIMIT);
        let is_over = part.len() == 1 || (is_blocked && Instant::now() > search_until);
        if self.divided && is_over {
            for place in part {
                self.outcomes[place] = Some(Err(error.to_string()));
            }
            return;
        }
        if is_blocked {
            self.wait = LockWait::Brief;
        }
        let size = part.len().div_ceil(DIVISOR);
        self.parts.extend(part.clone().step_by(size).map(|start| start..part.end.min(start + size)));
    }
}

/// A panic fails the batch that it happens in, not the process.
async fn limited<R>(
    attempt: impl Future<Output = Result<Vec<R>, HandleError>>,
    limit: Duration,
) -> Result<Vec<R>, HandleError> {
    match timeout(limit, AssertUnwindSafe(attempt).catch_unwind()).await {
        Err(_too_slow) => Err(HandleError::Failed(format!("not carried out within {limit:?}").into())),
        Ok(Err(_panic)) => Err(HandleError::Failed("the handler panicked".into())),
        Ok(Ok(carried_out)) => carried_out,
    }
}
