//! Processes the messages of one batch until each has a verdict.

use super::calls::{Answered, Calls};
use super::concurrency::{BatchLimiter, BatchPermit};
use super::isolate::Context;
use super::strategy::{BatchHandler, Round, Verdicts};
use crate::metrics::QueueMetrics;
use domain::ids::OrderId;
use std::collections::HashMap;

/// The handler of one queue with everything that it needs to process batches.
pub(super) struct BatchProcessor<H> {
    pub handler: H,
    pub metrics: QueueMetrics,
    pub limiter: BatchLimiter,
    pub context: Context,
}

impl<H: BatchHandler> BatchProcessor<H> {
    /// Returns one verdict per message, except for messages with a provider call that is still running. `None` when the
    /// process stops before that: the broker then redelivers the batch.
    pub async fn process(
        &self,
        messages: Round<H::Command>,
        permit: &mut BatchPermit,
        calls: &mut Calls<H::Command, H::Answer>,
    ) -> Option<Verdicts> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for round in split_by_order(messages, |(_, delivery)| delivery.header.subject) {
            verdicts.extend(self.handler.process_round(&self.context, permit, round, calls).await?);
        }
        Some(verdicts)
    }

    pub async fn settle_answered(&self, answered: Vec<Answered<H::Command, H::Answer>>) -> Option<Verdicts> {
        let mut permit = self.limiter.acquire().await;
        self.handler.settle_answered(&self.context, &mut permit, answered).await
    }
}

/// Splits messages into rounds with at most one message per order, and keeps the sequence of each order's messages.
/// What a slice decides on one message must be stored before it handles the order's next one.
pub(super) fn split_by_order<T>(messages: Vec<T>, order_of: impl Fn(&T) -> OrderId) -> Vec<Vec<T>> {
    let mut rounds_of_order: HashMap<OrderId, usize> = HashMap::with_capacity(messages.len());
    let mut rounds: Vec<Vec<T>> = Vec::new();
    for message in messages {
        let round = rounds_of_order.entry(order_of(&message)).or_default();
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*round].push(message);
        *round += 1;
    }
    rounds
}
