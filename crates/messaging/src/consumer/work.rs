//! Carries out one round: a batch with at most one message an order, in one transaction, or in two around a provider.

use super::parts::{Context, Outcome};
use super::turns::Turn;
use crate::handle::{Delivery, Handle, HandleError, HandleWithProvider, Handled, Verdict};
use crate::outbox::{self, Taking};
use crate::{Message, inbox};
use domain::ids::MessageId;
use domain::messages::Queue;
use futures::{FutureExt, StreamExt, stream};
use platform::clock;
use platform::postgres::{LockWait, begin_waiting};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::timeout;

/// How long a provider's call may take. Longer than any slice lets it: it ends only what has no limit of its own.
const CALL_LIMIT: Duration = Duration::from_mins(3);

/// A slice's way of handling a round; answers with one verdict a message, in order, or with none when the process is to
/// stop before.
pub trait Work: Send + Sync + 'static {
    type Command: DeserializeOwned + Message + Clone + Send + Sync + 'static;
    const QUEUE: Queue;

    fn carry_out(
        &self,
        context: &Context,
        turn: &mut Turn,
        round: &[Delivery<Self::Command>],
    ) -> impl Future<Output = Option<Vec<Verdict>>> + Send;
}

/// Inbox, effect and answers in one transaction.
#[derive(Debug)]
pub struct InOneTransaction<H>(pub H);

/// The provider is called between two transactions; the inbox is written with the second. A crash in between repeats
/// the calls under the same provider keys.
#[derive(Debug)]
pub struct AroundProvider<H>(pub H);

impl<H: Handle> Work for InOneTransaction<H> {
    type Command = H::Command;
    const QUEUE: Queue = H::QUEUE;

    async fn carry_out(
        &self,
        context: &Context,
        turn: &mut Turn,
        round: &[Delivery<H::Command>],
    ) -> Option<Vec<Verdict>> {
        let attempt = |range: Range<usize>, wait| self.attempt(context, &round[range], wait);
        let outcomes = context.divide(round.len(), turn, attempt).await?;
        Some(outcomes.into_iter().map(verdict).collect())
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

impl<H: HandleWithProvider> Work for AroundProvider<H> {
    type Command = H::Command;
    const QUEUE: Queue = H::QUEUE;

    async fn carry_out(
        &self,
        context: &Context,
        turn: &mut Turn,
        round: &[Delivery<H::Command>],
    ) -> Option<Vec<Verdict>> {
        let begin = |range: Range<usize>, wait| self.begin(context, &round[range], wait);
        let asked = context.divide(round.len(), turn, begin).await?;
        let mut verdicts = vec![Verdict::Done; round.len()];
        let mut calls = Vec::with_capacity(round.len());
        for (place, outcome) in asked.into_iter().enumerate() {
            match outcome {
                Ok(call) => calls.extend(call.map(|call| (place, call))),
                Err(why) => verdicts[place] = Verdict::Retry(why),
            }
        }
        let calls = stream::iter(calls).map(|(place, call)| async move { (place, self.call(call).await) });
        let answered: Vec<_> = turn.away(calls.buffered(self.0.calls_max()).collect()).await;

        let (mut places, mut batch, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (place, answer) in answered {
            match answer {
                Ok(answer) => {
                    places.push(place);
                    batch.push(round[place].clone());
                    answers.push(answer);
                }
                Err(why) => verdicts[place] = Verdict::Retry(why),
            }
        }
        let settle = |range: Range<usize>, wait| self.settle(context, &batch[range.clone()], &answers[range], wait);
        let settled = context.divide(batch.len(), turn, settle).await?;
        for (place, outcome) in places.into_iter().zip(settled) {
            verdicts[place] = verdict(outcome);
        }
        Some(verdicts)
    }
}

impl<H: HandleWithProvider> AroundProvider<H> {
    /// What to ask the provider for each message; nothing for what was taken before.
    async fn begin(
        &self,
        context: &Context,
        part: &[Delivery<H::Command>],
        wait: LockWait,
    ) -> Result<Vec<Option<H::Call>>, HandleError> {
        let mut tx = begin_waiting(&context.pool, wait).await?;
        let taken = inbox::taken(&mut tx, H::QUEUE.into(), &ids(part)).await?;
        let (batch, places) = split_off(part, |id| !taken.contains(id));
        let calls = self.0.begin(&mut tx, &batch, clock::now()).await?;
        tx.commit().await?;
        Ok(spread(part.len(), places, calls.into_iter().map(Some), || None))
    }

    /// A panic is the failure of one call.
    async fn call(&self, call: H::Call) -> Outcome<H::Answer> {
        match timeout(CALL_LIMIT, AssertUnwindSafe(self.0.call(call)).catch_unwind()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_panic)) => Err("the call to the provider panicked".to_owned()),
            Err(_late) => Err(format!("the call to the provider took longer than {CALL_LIMIT:?}")),
        }
    }

    async fn settle(
        &self,
        context: &Context,
        batch: &[Delivery<H::Command>],
        answers: &[H::Answer],
        wait: LockWait,
    ) -> Result<Vec<Verdict>, HandleError> {
        let mut tx = begin_waiting(&context.pool, wait).await?;
        let handled = self.0.settle(&mut tx, batch, answers.to_vec(), clock::now()).await?;
        // Another process may have settled and taken the same message meanwhile; settling is idempotent, so it is done
        // anyway and says the same again, under the same ids.
        let taking = Taking { reader: H::QUEUE.into(), ids: &finished(batch, &handled) };
        let (parcel, _taken) = outbox::append_and_take(&mut tx, handled.outgoing, taking, &context.relay).await?;
        tx.commit().await?;
        context.relay.carry(parcel);
        handled.after_commit.happen();
        Ok(handled.verdicts)
    }
}

/// What fails alone is tried again later.
fn verdict(outcome: Outcome<Verdict>) -> Verdict {
    outcome.unwrap_or_else(Verdict::Retry)
}

fn ids<C>(round: &[Delivery<C>]) -> Vec<MessageId> {
    round.iter().map(|delivery| delivery.header.id).collect()
}

/// The messages that are wanted, and their places in the round.
fn split_off<C: Clone>(round: &[Delivery<C>], wanted: impl Fn(&MessageId) -> bool) -> (Vec<Delivery<C>>, Vec<usize>) {
    let wanted = round.iter().enumerate().filter(|(_, delivery)| wanted(&delivery.header.id));
    wanted.map(|(place, delivery)| (delivery.clone(), place)).unzip()
}

/// What came of some messages at the places that they belong to, and `other` at those that were taken before.
fn spread<T>(length: usize, places: Vec<usize>, done: impl IntoIterator<Item = T>, other: impl Fn() -> T) -> Vec<T> {
    let mut all: Vec<_> = std::iter::repeat_with(other).take(length).collect();
    for (place, one) in places.into_iter().zip(done) {
        all[place] = one;
    }
    all
}

/// The messages that are taken; the others will be tried again.
fn finished<C>(batch: &[Delivery<C>], handled: &Handled) -> Vec<MessageId> {
    assert_eq!(batch.len(), handled.verdicts.len(), "a handler answers with one verdict a message");
    let verdicts = batch.iter().zip(&handled.verdicts);
    verdicts.filter(|(_, verdict)| **verdict == Verdict::Done).map(|(delivery, _)| delivery.header.id).collect()
}
