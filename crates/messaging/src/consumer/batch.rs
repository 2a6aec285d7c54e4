//! A window's messages on their way to a verdict each, and what a failure means for the others.

use super::turns::{Turn, Turns};
use super::work::Work;
use crate::handle::{Delivery, HandleError, Verdict};
use crate::metrics::QueueMetrics;
use crate::outbox::Relay;
use domain::ids::OrderId;
use futures::FutureExt;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How long a batch rests when the database is away: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How long a round may take, calls to providers included. Longer than any of its parts may take by itself: it ends
/// only what hangs on a connection whose other end is gone without a word.
const ROUND_LIMIT: Duration = Duration::from_mins(3);

/// A message and where it stood in its window.
type Placed<C> = (usize, Delivery<C>);

pub(super) struct Desk<W> {
    pub work: W,
    pub metrics: QueueMetrics,
    pub pool: PgPool,
    pub relay: Relay,
    pub turns: Turns,
    pub lifecycle: Lifecycle,
}

impl<W: Work> Desk<W> {
    /// One verdict a message, by its place. `None` when the process is to stop before there is one: unanswered, the
    /// window goes back to the queue.
    pub async fn decide(&self, messages: Vec<Placed<W::Command>>, turn: &mut Turn) -> Option<Vec<(usize, Verdict)>> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for round in rounds(messages) {
            self.decide_round(round, &mut verdicts, turn).await?;
        }
        Some(verdicts)
    }

    /// Carries out the round; when it fails on data, halves it until the culprit stands alone, and the rest go through.
    async fn decide_round(
        &self,
        round: Vec<Placed<W::Command>>,
        verdicts: &mut Vec<(usize, Verdict)>,
        turn: &mut Turn,
    ) -> Option<()> {
        let mut parts = VecDeque::from([round]);
        let mut backoff = BACKOFF_MIN;
        while let Some(mut part) = parts.pop_front() {
            let (places, batch): (Vec<_>, Vec<_>) = part.iter().cloned().unzip();
            turn.resume().await;
            match self.carry_out(&batch, turn).await {
                Ok(decided) => {
                    verdicts.extend(places.into_iter().zip(decided));
                    backoff = BACKOFF_MIN;
                }
                Err(HandleError::Unavailable(error)) => {
                    tracing::warn!(%error, queue = %W::QUEUE, messages = part.len(), "A batch waits for the database");
                    parts.push_front(part);
                    turn.leave();
                    self.lifecycle.pause(backoff, std::future::pending()).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                    if self.lifecycle.stopping.is_cancelled() {
                        return None;
                    }
                }
                Err(HandleError::Failed(error)) if part.len() == 1 => {
                    verdicts.push((places[0], Verdict::Retry(error.to_string())));
                }
                Err(HandleError::Failed(error)) => {
                    tracing::warn!(%error, queue = %W::QUEUE, messages = part.len(), "A batch failed and is halved");
                    let second_half = part.split_off(part.len() / 2);
                    parts.push_front(second_half);
                    parts.push_front(part);
                }
            }
        }
        Some(())
    }

    /// A panic fails the batch that it happens in, not the process.
    async fn carry_out(&self, batch: &[Delivery<W::Command>], turn: &mut Turn) -> Result<Vec<Verdict>, HandleError> {
        let work = self.work.carry_out(&self.pool, &self.relay, turn, batch, platform::clock::now());
        let work = tokio::time::timeout(ROUND_LIMIT, AssertUnwindSafe(work).catch_unwind());
        match work.await {
            Err(_too_slow) => Err(HandleError::Unavailable(sqlx::Error::PoolTimedOut)),
            Ok(Ok(carried_out)) => carried_out,
            Ok(Err(_panic)) => Err(HandleError::Failed("the handler panicked".into())),
        }
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
