//! Processes one round in one transaction. A round is a batch with at most one message per order.

use super::calls::{Answered, Calls, Tag};
use super::concurrency::BatchPermit;
use super::isolate::{Context, Outcome};
use crate::handle::{Delivery, Handle, HandleError, Handled, Verdict};
use crate::outbox::InboxEntries;
use crate::unit_of_work::UnitOfWork;
use crate::{Message, inbox};
use domain::ids::MessageId;
use domain::messages::Queue;
use platform::clock;
use platform::postgres::LockTimeout;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::convert::Infallible;
use std::ops::Range;

/// The messages of a round with their delivery tags.
pub type Round<C> = Vec<(Tag, Delivery<C>)>;
/// The verdicts by delivery tag.
pub type Verdicts = Vec<(Tag, Verdict)>;

/// How the rounds of a queue are processed: in one transaction, or in two with provider calls in between. Both
/// functions return `None` when the process stops before all verdicts are known.
pub trait BatchHandler: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    /// The answer of the provider.
    type Answer: Clone + Send + Sync + 'static;
    const QUEUE: Queue;

    /// Returns one verdict per message, except for those that [`Self::settle_answered`] returns later.
    fn process_round(
        &self,
        context: &Context,
        permit: &mut BatchPermit,
        round: Round<Self::Command>,
        calls: &mut Calls<Self::Command, Self::Answer>,
    ) -> impl Future<Output = Option<Verdicts>> + Send;

    /// Stores late answers and returns one verdict per message.
    fn settle_answered(
        &self,
        context: &Context,
        permit: &mut BatchPermit,
        answered: Vec<Answered<Self::Command, Self::Answer>>,
    ) -> impl Future<Output = Option<Verdicts>> + Send;
}

/// Writes inbox rows, effects and replies in one transaction.
#[derive(Debug)]
pub struct OneTransaction<H>(pub H);

impl<H: Handle> BatchHandler for OneTransaction<H> {
    type Command = H::Command;
    type Answer = Infallible;
    const QUEUE: Queue = H::QUEUE;

    async fn process_round(
        &self,
        context: &Context,
        permit: &mut BatchPermit,
        round: Round<H::Command>,
        _calls: &mut Calls<H::Command, Infallible>,
    ) -> Option<Verdicts> {
        let (tags, batch): (Vec<_>, Vec<_>) = round.into_iter().unzip();
        let attempt = |range: Range<usize>, lock_timeout| self.attempt(context, &batch[range], lock_timeout);
        let outcomes = context.run_isolating(batch.len(), permit, attempt).await?;
        Some(tags.into_iter().zip(outcomes.into_iter().map(verdict)).collect())
    }

    async fn settle_answered(
        &self,
        _context: &Context,
        _permit: &mut BatchPermit,
        _answered: Vec<Answered<H::Command, Infallible>>,
    ) -> Option<Verdicts> {
        Some(Vec::new())
    }
}

impl<H: Handle> OneTransaction<H> {
    async fn attempt(
        &self,
        context: &Context,
        part: &[Delivery<H::Command>],
        lock_timeout: LockTimeout,
    ) -> Result<Vec<Verdict>, HandleError> {
        let consumer: &str = H::QUEUE.into();
        // Optimistic: assume that no message is a duplicate. Only if the inbox insert affects fewer rows than expected,
        // load the processed ids and run the batch again without them.
        let mut processed: Option<HashSet<MessageId>> = None;
        loop {
            let is_new = |id: &MessageId| processed.as_ref().is_none_or(|ids| !ids.contains(id));
            let (batch, indices) = select_with_indices(part, is_new);
            let now = clock::now();
            let mut work = UnitOfWork::begin_with_lock_timeout(&context.write, lock_timeout).await?;
            let Handled { verdicts, changes, outgoing } = self.0.handle(&mut work, &batch, now).await?;
            work.send(outgoing);
            let entries = InboxEntries { consumer, ids: &done_ids(&batch, &verdicts) };
            // A message that failed may be a duplicate of one that succeeded earlier, so the inbox must be consulted
            // before the failure is reported.
            let is_consulted = processed.is_some() || entries.ids.len() == batch.len();
            if is_consulted && work.commit_if_unprocessed(changes, entries, now).await.map_err(Into::into)? {
                return Ok(scatter(part.len(), indices, verdicts, || Verdict::Done));
            }
            let mut connection = platform::postgres::reader(&context.write.pool).await?;
            processed = Some(inbox::already_processed(&mut connection, consumer, &ids(part)).await?);
        }
    }
}

/// A message that failed in isolation is retried later.
pub(super) fn verdict(outcome: Outcome<Verdict>) -> Verdict {
    outcome.unwrap_or_else(Verdict::Retry)
}

pub(super) fn ids<C>(round: &[Delivery<C>]) -> Vec<MessageId> {
    round.iter().map(|delivery| delivery.header.id).collect()
}

/// The messages whose ids pass `filter`, and their indices in the round.
pub(super) fn select_with_indices<C: Clone>(
    round: &[Delivery<C>],
    filter: impl Fn(&MessageId) -> bool,
) -> (Vec<Delivery<C>>, Vec<usize>) {
    let passed = round.iter().enumerate().filter(|(_, delivery)| filter(&delivery.header.id));
    passed.map(|(index, delivery)| (delivery.clone(), index)).unzip()
}

/// The reverse of [`select_with_indices`]: a list of `length` with the `results` at `indices`, and `default` at all others.
pub(super) fn scatter<T>(
    length: usize,
    indices: Vec<usize>,
    results: impl IntoIterator<Item = T>,
    default: impl Fn() -> T,
) -> Vec<T> {
    let mut all: Vec<_> = std::iter::repeat_with(default).take(length).collect();
    for (index, result) in indices.into_iter().zip(results) {
        all[index] = result;
    }
    all
}

/// The ids of the messages that are done; all others are published again to a retry queue or to the dead queue.
pub(super) fn done_ids<C>(batch: &[Delivery<C>], verdicts: &[Verdict]) -> Vec<MessageId> {
    assert_eq!(batch.len(), verdicts.len(), "a handler must return one verdict per message");
    let verdicts = batch.iter().zip(verdicts);
    verdicts.filter(|(_, verdict)| **verdict == Verdict::Done).map(|(delivery, _)| delivery.header.id).collect()
}
