//! A window's messages on their way to a verdict each.

use super::parts::Context;
use super::turns::{Turn, Turns};
use super::work::Work;
use crate::handle::{Delivery, Verdict};
use crate::metrics::QueueMetrics;
use domain::ids::OrderId;
use std::collections::HashMap;

/// A message and where it stood in its window.
type Placed<C> = (usize, Delivery<C>);

pub(super) struct Desk<W> {
    pub work: W,
    pub metrics: QueueMetrics,
    pub turns: Turns,
    pub context: Context,
}

impl<W: Work> Desk<W> {
    /// One verdict a message, by its place. `None` when the process is to stop before there is one: unanswered, the
    /// window goes back to the queue.
    pub async fn decide(&self, messages: Vec<Placed<W::Command>>, turn: &mut Turn) -> Option<Vec<(usize, Verdict)>> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for round in rounds(messages) {
            let (places, batch): (Vec<_>, Vec<_>) = round.into_iter().unzip();
            let decided = self.work.carry_out(&self.context, turn, &batch).await?;
            verdicts.extend(places.into_iter().zip(decided));
        }
        Some(verdicts)
    }
}

/// Splits a window into rounds with at most one message an order, each order's messages staying in their order: what a
/// slice decides on one must be stored before it sees the next.
fn rounds<C>(messages: Vec<Placed<C>>) -> Vec<Vec<Placed<C>>> {
    let mut seen: HashMap<OrderId, usize> = HashMap::with_capacity(messages.len());
    let mut rounds: Vec<Vec<Placed<C>>> = Vec::new();
    for message in messages {
        let round = seen.entry(message.1.header.subject).or_default();
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*round].push(message);
        *round += 1;
    }
    rounds
}
