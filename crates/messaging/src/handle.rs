//! What a slice does with a batch of messages, as the consumer asks for it.
//!
//! Both kinds are given a batch that holds **at most one message an order**. They answer with one [`Verdict`] a message, in
//! the order of the batch, and with what is to be said. What they return in `outgoing` is appended to the outbox in the
//! same transaction; they never commit, publish or ack. What they make of a message that this queue had taken before is
//! rolled back, and the batch is handled again without it: whatever must not happen then belongs into [`AfterCommit`].

use crate::bulkhead::Bulkhead;
use crate::envelope::{Header, Outgoing};
use domain::Timestamp;
use domain::messages::{Message, Queue};
use platform::postgres::{is_contention, is_unreachable};
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

/// One message, as a slice sees it.
#[derive(Debug, Clone)]
pub struct Delivery<C> {
    pub header: Header,
    /// How often it failed before: 0 at first.
    pub attempt: u32,
    pub command: C,
}

/// How a message ended, said where the knowledge is. A business no is `Done` with a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// Not now: try again at the next step of the retry ladder. The handler has written nothing for it that a repeat
    /// would harm: that a provider's answer is unknown is worth storing.
    Retry(String),
    /// Not now, and nothing was tried: put off for some seconds, and no attempt is counted.
    Defer(String),
    /// Never: to the dead queue at once. The handler has written nothing for it that a repeat would harm.
    Poison(String),
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Handled {
    /// One a message, in the order of the batch.
    pub verdicts: Vec<Verdict>,
    pub outgoing: Vec<Outgoing>,
    pub after_commit: AfterCommit,
}

/// What is done once all of it is committed, and not when it is rolled back: counting.
#[derive(Default)]
pub struct AfterCommit(Option<Box<dyn FnOnce() + Send + Sync>>);

/// A failure of the whole batch: its transaction is rolled back.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The database can't be reached: the batch waits, and no attempt is counted.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// One message of the batch needs a row that somebody else holds: the batch is divided until it stands alone.
    #[error("the work of somebody else is in the way: {0}")]
    Blocked(#[source] sqlx::Error),
    /// One message of the batch can't be stored: the batch is divided until it stands alone.
    #[error("{0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A step that only our database takes part in.
pub trait Handle: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    const QUEUE: Queue;

    fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Self::Command>],
        now: Timestamp,
    ) -> impl Future<Output = Result<Handled, HandleError>> + Send;
}

/// A step that calls somebody else's system. The calls stand between two transactions, never inside one.
pub trait HandleWithProvider: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    /// What to ask the provider, if anything: the outcome may be known already.
    type Call: Send + 'static;
    /// What came of the call: answered, refused, or unknown.
    type Answer: Clone + Send + Sync + 'static;
    const QUEUE: Queue;

    /// First transaction: stores that the calls are about to be made, each under its provider key. One call a message.
    fn begin(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Self::Command>],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Self::Call>, HandleError>> + Send;

    /// The calls that the command's shares a fate with.
    fn bulkhead(&self, command: &Self::Command) -> Bulkhead;

    /// No transaction is open. The calls of a batch run concurrently, as far as their bulkheads let them.
    fn call(&self, call: Self::Call) -> impl Future<Output = Self::Answer> + Send;

    /// Second transaction: stores the outcomes. `answers` are in the order of the batch, which holds those messages
    /// whose calls were answered by then.
    fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Self::Command>],
        answers: Vec<Self::Answer>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Handled, HandleError>> + Send;
}

impl AfterCommit {
    pub fn run(work: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(work)))
    }

    pub(crate) fn happen(self) {
        if let Some(work) = self.0 {
            work();
        }
    }
}

impl std::fmt::Debug for AfterCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AfterCommit").finish_non_exhaustive()
    }
}

impl<C> Delivery<C> {
    /// The answer to this message: it follows from it, and answering twice makes the same id.
    pub fn reply<M: Message>(&self, message: &M, now: Timestamp) -> Outgoing {
        Outgoing::new(self.header.subject, message, self.header.id, self.header.caused(), now)
    }
}

impl From<sqlx::Error> for HandleError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            error if is_unreachable(&error) => Self::Unavailable(error),
            error if is_contention(&error) => Self::Blocked(error),
            error => Self::Failed(Box::new(error)),
        }
    }
}
