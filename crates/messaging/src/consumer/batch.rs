//! A window's messages on their way to a verdict each.

use super::calls::{Answered, Calls};
use super::concurrency::{Turn, Turns};
use super::isolate::Context;
use super::strategy::{Decided, Round, Work};
use crate::metrics::QueueMetrics;
use domain::ids::OrderId;
use std::collections::HashMap;

pub(super) struct Desk<W> {
    pub work: W,
    pub metrics: QueueMetrics,
    pub turns: Turns,
    pub context: Context,
}

impl<W: Work> Desk<W> {
    /// One verdict a message, but for those whose call is not answered yet. `None` when the process is to stop before:
    /// unanswered, the window goes back to the queue.
    pub async fn decide(
        &self,
        messages: Round<W::Command>,
        turn: &mut Turn,
        calls: &mut Calls<W::Command, W::Answer>,
    ) -> Decided {
        let mut verdicts = Vec::with_capacity(messages.len());
        for round in rounds(messages, |(_, delivery)| delivery.header.subject) {
            verdicts.extend(self.work.carry_out(&self.context, turn, round, calls).await?);
        }
        Some(verdicts)
    }

    pub async fn settle(&self, answered: Vec<Answered<W::Command, W::Answer>>) -> Decided {
        let mut turn = self.turns.next().await;
        self.work.settle(&self.context, &mut turn, answered).await
    }
}

/// Splits messages into rounds with at most one an order, each order's messages staying in their order: what a slice
/// decides on one must be stored before it sees the next.
pub(super) fn rounds<T>(messages: Vec<T>, order_of: impl Fn(&T) -> OrderId) -> Vec<Vec<T>> {
    let mut seen: HashMap<OrderId, usize> = HashMap::with_capacity(messages.len());
    let mut rounds: Vec<Vec<T>> = Vec::new();
    for message in messages {
        let round = seen.entry(order_of(&message)).or_default();
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*round].push(message);
        *round += 1;
    }
    rounds
}
