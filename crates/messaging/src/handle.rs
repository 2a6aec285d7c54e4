//! The interface between the consumer and the slices: how a slice handles a batch of messages.
//!
//! Both kinds of handlers receive a batch with **at most one message per order**. They return one [`Verdict`] per
//! message, in the order of the batch, the changes to write, and the messages to publish. Changes and messages are written
//! at the end of the same transaction; handlers never commit, publish or ack. If a batch turns out to contain an already
//! processed message, its transaction is rolled back and the batch is handled again without that message. A handler may
//! therefore run twice: side effects other than SQL go into [`Changes::committed`].

use crate::bulkhead::Bulkhead;
use crate::envelope::{Header, Outgoing};
use crate::unit_of_work::Changes;
use domain::Timestamp;
use domain::messages::{Message, Queue};
use platform::postgres::{is_contention, is_unreachable};
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

/// One parsed message, as a handler receives it.
#[derive(Debug, Clone)]
pub struct Delivery<C> {
    pub header: Header,
    /// How often it failed before: 0 at the first attempt.
    pub attempt: u32,
    pub command: C,
}

/// How a message ended. A business rejection is `Done` with a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Handled: its effects and replies are committed, and it is acked.
    Done,
    /// Retry it after the next delay of the retry schedule. The handler may have written only what is safe to repeat,
    /// such as that the outcome at a provider is unknown.
    Retry(String),
    /// Nothing was attempted: retry it after some seconds without counting an attempt.
    Defer(String),
    /// It can never be handled: send it to the dead queue at once. The handler may have written only what is safe to
    /// repeat.
    Poison(String),
}

/// The result of handling a batch.
#[derive(Debug, Default)]
pub struct Handled<C> {
    /// One per message, in the order of the batch.
    pub verdicts: Vec<Verdict>,
    pub changes: C,
    pub outgoing: Vec<Outgoing>,
}

/// The calls that a batch needs, one per message in its order, and the changes to write before they are made.
#[derive(Debug)]
pub struct Begun<K, C> {
    pub calls: Vec<K>,
    pub changes: C,
}

/// A failure of the whole batch: its transaction is rolled back.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The database is unreachable: the batch waits, and no attempt is counted.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// One message of the batch needs a row that another transaction has locked: the batch is split until that message
    /// is isolated.
    #[error("blocked by another transaction: {0}")]
    Blocked(#[source] sqlx::Error),
    /// One message of the batch can't be stored: the batch is split until that message is isolated.
    #[error("{0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A handler that needs only our database.
pub trait Handle: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    type Changes: Changes<Error: Into<HandleError>>;
    const QUEUE: Queue;

    fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Self::Command>],
        now: Timestamp,
    ) -> impl Future<Output = Result<Handled<Self::Changes>, HandleError>> + Send;
}

/// A handler that calls an external provider. The calls are made between two transactions, never inside one.
pub trait HandleWithProvider: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    /// The call to the provider, or nothing when the outcome is known already.
    type Call: Send + 'static;
    /// The result of the call: answered, refused, or unknown.
    type Answer: Clone + Send + Sync + 'static;
    /// What either transaction writes.
    type Changes: Changes<Error: Into<HandleError>>;
    const QUEUE: Queue;

    /// First transaction: decides which calls to make, each with its idempotency key. What it returns is stored before
    /// they are made.
    fn begin(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Self::Command>],
        now: Timestamp,
    ) -> impl Future<Output = Result<Begun<Self::Call, Self::Changes>, HandleError>> + Send;

    /// The bulkhead that limits the command's call.
    fn bulkhead(&self, command: &Self::Command) -> Bulkhead;

    /// Makes the call while no transaction is open. The calls of a batch run concurrently, within the limits of their
    /// bulkheads.
    fn call(&self, call: Self::Call) -> impl Future<Output = Self::Answer> + Send;

    /// Second transaction: stores the outcomes. `batch` contains only the messages with an answer, and `answers` are in
    /// the same order.
    fn settle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<Self::Command>],
        answers: Vec<Self::Answer>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Handled<Self::Changes>, HandleError>> + Send;
}

impl<C> Delivery<C> {
    /// Builds a reply to this message. Its id is derived from this message's id, so repeating the reply gives the same
    /// id.
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
