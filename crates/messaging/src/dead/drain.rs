//! One dead queue's loop: a session is a channel's life; when it breaks, the next one begins, with backoff, for ever.

use super::dead_letter::DeadLetter;
use crate::broker::{BrokerError, Links, within};
use crate::consumer::receive;
use crate::consumer::session::close;
use crate::topology::{Scope, dead_queue};
use domain::messages::Queue;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use platform::lifecycle::Lifecycle;
use platform::postgres::is_unreachable;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Letters that are kept together.
const BATCH_MAX: u16 = 100;
/// How long to rest between sessions: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How long the broker may take to answer whatever a session asks of it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long keeping a batch may take: only what hangs on a dead connection takes longer.
const KEEP_LIMIT: Duration = Duration::from_secs(30);

/// A session that lasted so long was a good one: the next may begin at once.
const GOOD_SESSION: Duration = Duration::from_secs(30);

/// Where dead letters are kept for good. The same letter may come twice.
pub trait Keep: Send + Sync + 'static {
    fn keep(&self, letters: &[DeadLetter]) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Empties the dead queue of `queue` into `keeper` until the process stops.
pub async fn drain(queue: Queue, keeper: impl Keep, links: Links, lifecycle: Lifecycle) {
    let drain = Drain { queue, keeper, links, lifecycle };
    let mut backoff = BACKOFF_MIN;
    while !drain.lifecycle.stopping.is_cancelled() {
        let began = Instant::now();
        if let Err(error) = drain.session().await {
            tracing::warn!(%error, %queue, "Draining the dead queue broke off and begins anew");
            backoff = if began.elapsed() > GOOD_SESSION { BACKOFF_MIN } else { backoff };
            drain.lifecycle.pause(backoff, std::future::pending()).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }
}

struct Drain<K> {
    queue: Queue,
    keeper: K,
    links: Links,
    lifecycle: Lifecycle,
}

impl<K: Keep> Drain<K> {
    /// Ends well when nothing comes, or the process is to stop: what is unacked then stays in the queue.
    async fn session(&self) -> Result<(), BrokerError> {
        let name = dead_queue(self.queue);
        let channel = self.links.consuming.channel(Scope::DeadQueue(self.queue)).await?;
        within(ANSWER_LIMIT, channel.basic_qos(BATCH_MAX, BasicQosOptions::default())).await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let consuming = channel.basic_consume(name.as_str().into(), "".into(), options, arguments);
        let mut consumer = within(ANSWER_LIMIT, consuming).await?;
        loop {
            let first = tokio::select! {
                first = receive::first(&mut consumer, &name, Instant::now()) => first?,
                () = self.lifecycle.stopping.cancelled() => break,
            };
            // After a silence the next session asks on a new channel.
            let Some(first) = first else { break };
            let window = receive::fill(first, &mut consumer, BATCH_MAX.into())?;
            let letters = window.iter().map(|raw| DeadLetter::of(self.queue, raw)).collect();
            if self.keep_all(letters).await.is_none() {
                break;
            }
            tracing::info!(queue = %self.queue, letters = window.len(), "Kept dead letters as failed jobs");
            if let Some(last) = window.last()
                && !within(ANSWER_LIMIT, last.ack(BasicAckOptions { multiple: true })).await?
            {
                return Err(BrokerError::ConsumerCancelled(name));
            }
        }
        close(consumer, &channel).await;
        Ok(())
    }

    /// Tries until all are kept; `None` when the process is to stop before. The letters stay ours meanwhile: given back,
    /// each round would count as a delivery, and RabbitMQ 4 throws away what was delivered 20 times. One that can't be
    /// kept does not keep its neighbours from it.
    async fn keep_all(&self, letters: Vec<DeadLetter>) -> Option<()> {
        let mut parts = VecDeque::from([letters]);
        let mut backoff = BACKOFF_MIN;
        while let Some(mut part) = parts.pop_front() {
            let Err(error) = self.keep(&part).await else {
                backoff = BACKOFF_MIN;
                continue;
            };
            if part.len() > 1 && !is_unreachable(&error) {
                let second_half = part.split_off(part.len() / 2);
                parts.extend([part, second_half]);
                continue;
            }
            tracing::error!(%error, queue = %self.queue, letters = part.len(), "Dead letters could not be kept yet");
            parts.push_back(part);
            self.lifecycle.pause(backoff, std::future::pending()).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
            if self.lifecycle.stopping.is_cancelled() {
                return None;
            }
        }
        Some(())
    }

    async fn keep(&self, letters: &[DeadLetter]) -> sqlx::Result<()> {
        let kept = tokio::time::timeout(KEEP_LIMIT, self.keeper.keep(letters)).await;
        kept.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
