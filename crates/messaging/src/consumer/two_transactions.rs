//! Processes one round, which is a batch with at most one message per order, in two transactions, with calls to a
//! provider in between.

use super::batch::split_by_order;
use super::calls::{Answered, Calls, Tag, no_capacity};
use super::concurrency::BatchPermit;
use super::isolate::Context;
use super::strategy::{BatchHandler, Round, Verdicts, done_ids, ids, scatter, select_with_indices, verdict};
use crate::handle::{Begun, Delivery, HandleError, HandleWithProvider, Handled, Verdict};
use crate::inbox;
use crate::outbox::InboxEntries;
use crate::unit_of_work::UnitOfWork;
use domain::messages::Queue;
use platform::clock;
use platform::postgres::LockTimeout;
use std::ops::Range;
use std::sync::Arc;

/// Calls the provider between two transactions and writes the inbox rows in the second one. After a crash in between
/// the calls are repeated with the same idempotency keys.
///
/// Calls that are answered promptly are settled together, slower calls when their answers arrive. The next message of
/// an order may be processed before that: providers and handlers accept the operations on an order in any sequence.
#[derive(Debug)]
pub struct TwoTransactions<H>(pub Arc<H>);

impl<H: HandleWithProvider> BatchHandler for TwoTransactions<H> {
    type Command = H::Command;
    type Answer = H::Answer;
    const QUEUE: Queue = H::QUEUE;

    async fn process_round(
        &self,
        context: &Context,
        permit: &mut BatchPermit,
        round: Round<H::Command>,
        calls: &mut Calls<H::Command, H::Answer>,
    ) -> Option<Verdicts> {
        // All permits of these bulkheads are held by unanswered calls.
        let (blocked, round): (Vec<_>, Vec<_>) =
            round.into_iter().partition(|(_, delivery)| self.0.bulkhead(&delivery.command).is_blocked());
        let mut verdicts: Vec<_> = blocked.into_iter().map(|(tag, _)| (tag, no_capacity())).collect();
        let (tags, batch): (Vec<_>, Vec<_>) = round.into_iter().unzip();
        let first =
            |range: Range<usize>, lock_timeout| self.run_first_transaction(context, &batch[range], lock_timeout);
        let outcomes = context.run_isolating(batch.len(), permit, first).await?;

        calls.begin_round();
        for ((tag, delivery), outcome) in tags.into_iter().zip(batch).zip(outcomes) {
            match outcome {
                Ok(Some(call)) => self.start_call(calls, (tag, delivery), call),
                Ok(None) => verdicts.push((tag, Verdict::Done)),
                Err(why) => verdicts.push((tag, Verdict::Retry(why))),
            }
        }
        let answered = permit.release_while(calls.prompt_answers()).await;
        verdicts.extend(self.settle_answered(context, permit, answered).await?);
        Some(verdicts)
    }

    async fn settle_answered(
        &self,
        context: &Context,
        permit: &mut BatchPermit,
        answered: Vec<Answered<H::Command, H::Answer>>,
    ) -> Option<Verdicts> {
        let mut verdicts = Vec::with_capacity(answered.len());
        // The answers belong to messages of several batches, so they may concern the same order.
        for round in split_by_order(answered, |answered| answered.delivery.header.subject) {
            let (mut tags, mut batch, mut answers) = (Vec::new(), Vec::new(), Vec::new());
            for Answered { tag, delivery, answer, .. } in round {
                match answer {
                    Ok(answer) => {
                        tags.push(tag);
                        batch.push(delivery);
                        answers.push(answer);
                    }
                    Err(verdict) => verdicts.push((tag, verdict)),
                }
            }
            let second = |range: Range<usize>, lock_timeout| {
                self.run_second_transaction(context, &batch[range.clone()], &answers[range], lock_timeout)
            };
            let outcomes = context.run_isolating(batch.len(), permit, second).await?;
            verdicts.extend(tags.into_iter().zip(outcomes.into_iter().map(verdict)));
        }
        Some(verdicts)
    }
}

impl<H: HandleWithProvider> TwoTransactions<H> {
    /// First transaction: returns the provider call for each message, and `None` for messages that were already
    /// processed.
    async fn run_first_transaction(
        &self,
        context: &Context,
        part: &[Delivery<H::Command>],
        lock_timeout: LockTimeout,
    ) -> Result<Vec<Option<H::Call>>, HandleError> {
        let mut work = UnitOfWork::begin_with_lock_timeout(&context.write, lock_timeout).await?;
        let processed = inbox::already_processed(&mut work, H::QUEUE.into(), &ids(part)).await?;
        let (batch, indices) = select_with_indices(part, |id| !processed.contains(id));
        let now = clock::now();
        let Begun { calls, changes } = self.0.begin(&mut work, &batch, now).await?;
        work.commit(changes, now).await.map_err(Into::into)?;
        Ok(scatter(part.len(), indices, calls.into_iter().map(Some), || None))
    }

    fn start_call(
        &self,
        calls: &mut Calls<H::Command, H::Answer>,
        message: (Tag, Delivery<H::Command>),
        call: H::Call,
    ) {
        let handler = Arc::clone(&self.0);
        let bulkhead = handler.bulkhead(&message.1.command);
        calls.start(message, bulkhead, async move { handler.call(call).await });
    }

    /// Second transaction: stores the answers.
    async fn run_second_transaction(
        &self,
        context: &Context,
        batch: &[Delivery<H::Command>],
        answers: &[H::Answer],
        lock_timeout: LockTimeout,
    ) -> Result<Vec<Verdict>, HandleError> {
        let mut work = UnitOfWork::begin_with_lock_timeout(&context.write, lock_timeout).await?;
        let now = clock::now();
        let Handled { verdicts, changes, outgoing } = self.0.settle(&mut work, batch, answers.to_vec(), now).await?;
        work.send(outgoing);
        // Another process may have settled the same message during the call. Settling is idempotent, so it is repeated.
        // It appends the same replies under the same ids; the receiver's inbox drops them.
        let entries = InboxEntries { consumer: H::QUEUE.into(), ids: &done_ids(batch, &verdicts) };
        work.commit_processed(changes, entries, now).await.map_err(Into::into)?;
        Ok(verdicts)
    }
}
