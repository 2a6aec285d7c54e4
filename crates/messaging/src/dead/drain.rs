//! One dead queue's loop: a session is a channel's life; when it breaks, the next one begins, with backoff, for ever.

use super::letter::DeadLetter;
use crate::broker::{BrokerError, Links, within};
use crate::consumer::window;
use crate::topology::dead_queue;
use domain::messages::Queue;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use platform::lifecycle::Lifecycle;
use std::time::Duration;

/// Letters that are kept together.
const BATCH_MAX: u16 = 100;
/// How long to rest between sessions: doubling from the first to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How long the broker may take to answer whatever a session asks of it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long keeping a batch may take: only what hangs on a dead connection takes longer.
const KEEP_LIMIT: Duration = Duration::from_secs(30);

/// Where dead letters are kept for good. The same letter may come twice.
pub trait Keep: Send + Sync + 'static {
    fn keep(&self, letters: &[DeadLetter]) -> impl Future<Output = sqlx::Result<()>> + Send;
}

#[derive(Debug, thiserror::Error)]
enum DrainError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("the letters could not be kept: {0}")]
    Keeper(#[from] sqlx::Error),
    #[error("keeping took longer than {KEEP_LIMIT:?}")]
    TooSlow,
}

/// Empties the dead queue of `queue` into `keeper` until the process stops.
pub async fn drain(queue: Queue, keeper: impl Keep, links: Links, lifecycle: Lifecycle) {
    let mut backoff = BACKOFF_MIN;
    while !lifecycle.stopping.is_cancelled() {
        match session(queue, &keeper, &links, &lifecycle).await {
            Ok(()) => return,
            Err(Broken { error, was_good }) => {
                tracing::warn!(%error, %queue, "Draining the dead queue broke off and begins anew");
                backoff = if was_good { BACKOFF_MIN } else { backoff };
                lifecycle.pause(backoff, std::future::pending()).await;
                backoff = (backoff * 2).min(BACKOFF_MAX);
            }
        }
    }
}

struct Broken {
    error: DrainError,
    /// It kept something before it broke.
    was_good: bool,
}

/// Ends well when the process is to stop: what is unacked then stays in the queue.
async fn session(queue: Queue, keeper: &impl Keep, links: &Links, lifecycle: &Lifecycle) -> Result<(), Broken> {
    let mut was_good = false;
    let outcome = keep_all(queue, keeper, links, lifecycle, &mut was_good).await;
    outcome.map_err(|error| Broken { error, was_good })
}

async fn keep_all(
    queue: Queue,
    keeper: &impl Keep,
    links: &Links,
    lifecycle: &Lifecycle,
    was_good: &mut bool,
) -> Result<(), DrainError> {
    let name = dead_queue(queue);
    let channel = links.consuming.channel().await?;
    within(ANSWER_LIMIT, channel.basic_qos(BATCH_MAX, BasicQosOptions::default())).await?;
    let consuming =
        channel.basic_consume(name.as_str().into(), "".into(), BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = within(ANSWER_LIMIT, consuming).await?;
    loop {
        let window = tokio::select! {
            window = window::next(&mut consumer, &name, BATCH_MAX.into()) => window?,
            () = lifecycle.stopping.cancelled() => return Ok(()),
        };
        let letters: Vec<_> = window.iter().map(|raw| DeadLetter::of(queue, raw)).collect();
        tokio::time::timeout(KEEP_LIMIT, keeper.keep(&letters)).await.map_err(|_| DrainError::TooSlow)??;
        *was_good = true;
        tracing::info!(%queue, letters = letters.len(), "Kept dead letters as failed jobs");
        if let Some(last) = window.last()
            && !within(ANSWER_LIMIT, last.ack(BasicAckOptions { multiple: true })).await?
        {
            return Err(BrokerError::ConsumerCancelled(name).into());
        }
    }
}
