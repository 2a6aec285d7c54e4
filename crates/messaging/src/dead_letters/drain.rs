//! The loop that drains one dead queue. A session lasts as long as its channel; after an error the next session begins,
//! with backoff, until the process stops.

use super::dead_letter::DeadLetter;
use crate::broker::{Backoff, BrokerConnections, BrokerError, ConsumingChannel, SessionLoop, within};
use crate::topology::{Scope, dead_queue};
use domain::messages::Queue;
use lapin::options::BasicAckOptions;
use platform::lifecycle::Lifecycle;
use platform::postgres::is_unreachable;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Dead letters that are stored together at most.
const BATCH_MAX: u16 = 100;
/// The delay between attempts to store a batch: doubles from the minimum to the maximum.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How long sending an ack may take; after that the session is restarted.
const ACK_LIMIT: Duration = Duration::from_secs(5);
/// How long storing a batch may take. It only ends writes that hang on a connection whose peer is gone.
const STORE_LIMIT: Duration = Duration::from_secs(30);

/// Stores dead letters durably. The same dead letter may be stored twice.
pub trait DeadLetterSink: Send + Sync + 'static {
    fn store(&self, letters: &[DeadLetter]) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Moves the dead letters of `queue` to `sink` until the process stops.
pub async fn drain(queue: Queue, sink: impl DeadLetterSink, connections: BrokerConnections, lifecycle: Lifecycle) {
    let drain = Drain { queue, sink, connections, lifecycle };
    let mut sessions = SessionLoop::new(drain.lifecycle.clone());
    while sessions.is_running() {
        let failed = |error| tracing::warn!(%error, %queue, "Draining the dead queue failed and is restarted");
        sessions.run(drain.session(), failed).await;
    }
}

struct Drain<S> {
    queue: Queue,
    sink: S,
    connections: BrokerConnections,
    lifecycle: Lifecycle,
}

impl<S: DeadLetterSink> Drain<S> {
    /// Returns `Ok` when nothing is delivered for a while, or when the process stops; unacked messages then stay in the
    /// queue.
    async fn session(&self) -> Result<(), BrokerError> {
        let name = dead_queue(self.queue);
        let scope = Scope::DeadQueue(self.queue);
        let mut channel = ConsumingChannel::open(&self.connections.consuming, scope, name.clone(), BATCH_MAX).await?;
        loop {
            let first = tokio::select! {
                first = channel.next(Instant::now()) => first?,
                () = self.lifecycle.stopping.cancelled() => break,
            };
            // After a silence the next session consumes on a new channel.
            let Some(first) = first else { break };
            let deliveries = channel.ready_after(first, BATCH_MAX.into())?;
            let letters = deliveries.iter().map(|raw| DeadLetter::of(self.queue, raw)).collect();
            if self.store_all(letters).await.is_none() {
                break;
            }
            tracing::info!(queue = %self.queue, letters = deliveries.len(), "Stored dead letters as failed jobs");
            if let Some(last) = deliveries.last()
                && !within(ACK_LIMIT, last.ack(BasicAckOptions { multiple: true })).await?
            {
                return Err(BrokerError::ConsumerCancelled(name));
            }
        }
        channel.close().await;
        Ok(())
    }

    /// Retries until all are stored; `None` when the process stops before that. The messages stay unacked for that
    /// time: each requeue would count as a delivery, and RabbitMQ 4 drops messages after 20 deliveries. A dead letter
    /// that can't be stored does not block the others.
    async fn store_all(&self, letters: Vec<DeadLetter>) -> Option<()> {
        let mut parts = VecDeque::from([letters]);
        let mut backoff = Backoff::new(BACKOFF_MIN, BACKOFF_MAX);
        while let Some(mut part) = parts.pop_front() {
            let Err(error) = self.store(&part).await else {
                backoff.reset();
                continue;
            };
            if part.len() > 1 && !is_unreachable(&error) {
                let second_half = part.split_off(part.len() / 2);
                parts.extend([part, second_half]);
                continue;
            }
            tracing::error!(%error, queue = %self.queue, letters = part.len(), "Dead letters could not be stored yet");
            parts.push_back(part);
            backoff.wait(&self.lifecycle).await;
            if self.lifecycle.stopping.is_cancelled() {
                return None;
            }
        }
        Some(())
    }

    async fn store(&self, letters: &[DeadLetter]) -> sqlx::Result<()> {
        let stored = tokio::time::timeout(STORE_LIMIT, self.sink.store(letters)).await;
        stored.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
