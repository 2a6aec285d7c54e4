//! Carries out one round in two transactions, with calls to a provider in between.

use super::batch::rounds;
use super::calls::{Answered, Calls};
use super::concurrency::Turn;
use super::isolate::Context;
use super::strategy::{Decided, Round, Work, finished, ids, split_off, spread, verdict};
use crate::handle::{Delivery, HandleError, HandleWithProvider, Verdict};
use crate::inbox;
use crate::outbox::{self, Taking};
use domain::messages::Queue;
use platform::clock;
use platform::postgres::{LockWait, begin_waiting};
use std::ops::Range;
use std::sync::Arc;

/// The provider is called between two transactions; the inbox is written with the second. A crash in between repeats
/// the calls under the same provider keys.
///
/// Calls that are answered promptly are settled together, the others when they are answered. An order's next message may
/// come in between: providers and slices take an order's work in any sequence.
#[derive(Debug)]
pub struct AroundProvider<H>(pub Arc<H>);

impl<H: HandleWithProvider> Work for AroundProvider<H> {
    type Command = H::Command;
    type Answer = H::Answer;
    const QUEUE: Queue = H::QUEUE;

    async fn carry_out(
        &self,
        context: &Context,
        turn: &mut Turn,
        round: Round<H::Command>,
        calls: &mut Calls<H::Command, H::Answer>,
    ) -> Decided {
        let (blocked, round): (Vec<_>, Vec<_>) =
            round.into_iter().partition(|(_, delivery)| self.0.bulkhead(&delivery.command).is_blocked());
        let mut decided: Vec<_> = blocked.into_iter().map(|(tag, _)| (tag, blocked_verdict())).collect();
        let (tags, batch): (Vec<_>, Vec<_>) = round.into_iter().unzip();
        let begin = |range: Range<usize>, wait| self.begin(context, &batch[range], wait);
        let outcomes = context.divide(batch.len(), turn, begin).await?;

        calls.begin_round();
        for ((tag, delivery), outcome) in tags.into_iter().zip(batch).zip(outcomes) {
            match outcome {
                Ok(Some(call)) => self.start(calls, (tag, delivery), call),
                Ok(None) => decided.push((tag, Verdict::Done)),
                Err(why) => decided.push((tag, Verdict::Retry(why))),
            }
        }
        let answered = turn.away(calls.prompt()).await;
        decided.extend(self.settle(context, turn, answered).await?);
        Some(decided)
    }

    async fn settle(
        &self,
        context: &Context,
        turn: &mut Turn,
        answered: Vec<Answered<H::Command, H::Answer>>,
    ) -> Decided {
        let mut decided = Vec::with_capacity(answered.len());
        // Answers of several windows may be about one order.
        for round in rounds(answered, |answered| answered.delivery.header.subject) {
            let (mut tags, mut batch, mut answers) = (Vec::new(), Vec::new(), Vec::new());
            for Answered { tag, delivery, answer, .. } in round {
                match answer {
                    Ok(answer) => {
                        tags.push(tag);
                        batch.push(delivery);
                        answers.push(answer);
                    }
                    Err(verdict) => decided.push((tag, verdict)),
                }
            }
            let store = |range: Range<usize>, wait| self.store(context, &batch[range.clone()], &answers[range], wait);
            let outcomes = context.divide(batch.len(), turn, store).await?;
            decided.extend(tags.into_iter().zip(outcomes.into_iter().map(verdict)));
        }
        Some(decided)
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

    fn start(&self, calls: &mut Calls<H::Command, H::Answer>, message: (u64, Delivery<H::Command>), call: H::Call) {
        let handler = Arc::clone(&self.0);
        let bulkhead = handler.bulkhead(&message.1.command);
        calls.start(message, bulkhead, async move { handler.call(call).await });
    }

    async fn store(
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

/// Nothing is asked for it, so no attempt is counted.
fn blocked_verdict() -> Verdict {
    Verdict::Defer("the provider does not answer".to_owned())
}
