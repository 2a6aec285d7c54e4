//! Carries out one round, a batch with at most one message an order, in one transaction.

use super::calls::{Answered, Calls, Tag};
use super::concurrency::Turn;
use super::isolate::{Context, Outcome};
use crate::handle::{Delivery, Handle, HandleError, Handled, Verdict};
use crate::outbox::{self, Taking};
use crate::{Message, inbox};
use domain::ids::MessageId;
use domain::messages::Queue;
use platform::clock;
use platform::postgres::{LockWait, begin_waiting};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::convert::Infallible;
use std::ops::Range;

/// The messages of a round, by the number of their delivery.
pub type Round<C> = Vec<(Tag, Delivery<C>)>;
/// None when the process is to stop before there are verdicts.
pub type Decided = Option<Vec<(Tag, Verdict)>>;

/// A slice's way of handling a round.
pub trait Work: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    /// What a provider answers.
    type Answer: Clone + Send + Sync + 'static;
    const QUEUE: Queue;

    /// One verdict a message; those that are missing follow by [`Self::settle`].
    fn carry_out(
        &self,
        context: &Context,
        turn: &mut Turn,
        round: Round<Self::Command>,
        calls: &mut Calls<Self::Command, Self::Answer>,
    ) -> impl Future<Output = Decided> + Send;

    /// One verdict a message whose call was answered late.
    fn settle(
        &self,
        context: &Context,
        turn: &mut Turn,
        answered: Vec<Answered<Self::Command, Self::Answer>>,
    ) -> impl Future<Output = Decided> + Send;
}

/// Inbox, effect and answers in one transaction.
#[derive(Debug)]
pub struct InOneTransaction<H>(pub H);

impl<H: Handle> Work for InOneTransaction<H> {
    type Command = H::Command;
    type Answer = Infallible;
    const QUEUE: Queue = H::QUEUE;

    async fn carry_out(
        &self,
        context: &Context,
        turn: &mut Turn,
        round: Round<H::Command>,
        _calls: &mut Calls<H::Command, Infallible>,
    ) -> Decided {
        let (tags, batch): (Vec<_>, Vec<_>) = round.into_iter().unzip();
        let attempt = |range: Range<usize>, wait| self.attempt(context, &batch[range], wait);
        let outcomes = context.divide(batch.len(), turn, attempt).await?;
        Some(tags.into_iter().zip(outcomes.into_iter().map(verdict)).collect())
    }

    async fn settle(
        &self,
        _context: &Context,
        _turn: &mut Turn,
        _answered: Vec<Answered<H::Command, Infallible>>,
    ) -> Decided {
        Some(Vec::new())
    }
}

impl<H: Handle> InOneTransaction<H> {
    async fn attempt(
        &self,
        context: &Context,
        part: &[Delivery<H::Command>],
        wait: LockWait,
    ) -> Result<Vec<Verdict>, HandleError> {
        let reader: &str = H::QUEUE.into();
        // Nearly always nothing comes twice: who has taken what is looked up only when that was wrong.
        let mut taken_before: Option<HashSet<MessageId>> = None;
        loop {
            let (batch, places) = split_off(part, |id| taken_before.as_ref().is_none_or(|ids| !ids.contains(id)));
            let mut tx = begin_waiting(&context.pool, wait).await?;
            let handled = self.0.handle(&mut tx, &batch, clock::now()).await?;
            let taking = Taking { reader, ids: &finished(&batch, &handled) };
            let (parcel, taken) = outbox::append_and_take(&mut tx, handled.outgoing, taking, &context.relay).await?;
            // What can't be done now may have been done before.
            let is_sure = taken_before.is_some() || taking.ids.len() == batch.len();
            if is_sure && taken == taking.ids.len() {
                tx.commit().await?;
                context.relay.carry(parcel);
                handled.after_commit.happen();
                return Ok(spread(part.len(), places, handled.verdicts, || Verdict::Done));
            }
            tx.rollback().await?;
            taken_before = Some(inbox::taken(&mut *context.pool.acquire().await?, reader, &ids(part)).await?);
        }
    }
}

/// What fails alone is tried again later.
pub(super) fn verdict(outcome: Outcome<Verdict>) -> Verdict {
    outcome.unwrap_or_else(Verdict::Retry)
}

pub(super) fn ids<C>(round: &[Delivery<C>]) -> Vec<MessageId> {
    round.iter().map(|delivery| delivery.header.id).collect()
}

/// The messages that are wanted, and their places in the round.
pub(super) fn split_off<C: Clone>(
    round: &[Delivery<C>],
    wanted: impl Fn(&MessageId) -> bool,
) -> (Vec<Delivery<C>>, Vec<usize>) {
    let wanted = round.iter().enumerate().filter(|(_, delivery)| wanted(&delivery.header.id));
    wanted.map(|(place, delivery)| (delivery.clone(), place)).unzip()
}

/// What came of some messages at the places that they belong to, and `other` at those that were taken before.
pub(super) fn spread<T>(
    length: usize,
    places: Vec<usize>,
    done: impl IntoIterator<Item = T>,
    other: impl Fn() -> T,
) -> Vec<T> {
    let mut all: Vec<_> = std::iter::repeat_with(other).take(length).collect();
    for (place, one) in places.into_iter().zip(done) {
        all[place] = one;
    }
    all
}

/// The messages that are taken; the others will be tried again.
pub(super) fn finished<C>(batch: &[Delivery<C>], handled: &Handled) -> Vec<MessageId> {
    assert_eq!(batch.len(), handled.verdicts.len(), "a handler answers with one verdict a message");
    let verdicts = batch.iter().zip(&handled.verdicts);
    verdicts.filter(|(_, verdict)| **verdict == Verdict::Done).map(|(delivery, _)| delivery.header.id).collect()
}
