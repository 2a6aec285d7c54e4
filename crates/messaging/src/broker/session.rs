//! A consuming session: one consumer on a channel of its own, and the loop that begins the next session after a failed
//! one.

use super::backoff::Backoff;
use super::{BrokerConnection, BrokerError, within};
use crate::topology::Scope;
use futures::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use platform::lifecycle::Lifecycle;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The delay between sessions after an error: doubles from the minimum to the maximum.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// A session that lasted longer than this resets the backoff.
const GOOD_SESSION: Duration = Duration::from_secs(30);
/// How long the broker may take to answer a request of a session.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long a session waits for a delivery before it ends. RabbitMQ 3.x may lose a consumer without an error when its
/// queue is deleted and declared again at once. The only remedy is a new channel, which costs an idle queue next to
/// nothing.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Runs sessions one after another.
pub(crate) struct SessionLoop {
    lifecycle: Lifecycle,
    backoff: Backoff,
}

impl SessionLoop {
    pub fn new(lifecycle: Lifecycle) -> Self {
        Self { lifecycle, backoff: Backoff::new(BACKOFF_MIN, BACKOFF_MAX) }
    }

    pub fn is_running(&self) -> bool {
        !self.lifecycle.stopping.is_cancelled()
    }

    /// Awaits one session. After a failed one it calls `failed`, and waits before the next one may begin.
    pub async fn run<T>(
        &mut self,
        session: impl Future<Output = Result<T, BrokerError>>,
        failed: impl FnOnce(BrokerError),
    ) -> Option<T> {
        let began = Instant::now();
        match session.await {
            Ok(ended) => Some(ended),
            Err(error) => {
                failed(error);
                if began.elapsed() > GOOD_SESSION {
                    self.backoff.reset();
                }
                self.backoff.wait(&self.lifecycle).await;
                None
            }
        }
    }
}

/// A consumer of one queue on a channel of its own.
pub(crate) struct ConsumingChannel {
    queue: String,
    channel: Channel,
    consumer: Consumer,
}

impl ConsumingChannel {
    /// Always opens a new channel: on RabbitMQ 3.10 a channel whose consumer was cancelled can't register another one.
    pub async fn open(
        connection: &BrokerConnection,
        scope: Scope,
        queue: String,
        prefetch: u16,
    ) -> Result<Self, BrokerError> {
        let channel = connection.channel(scope).await?;
        within(ANSWER_LIMIT, channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let consuming = channel.basic_consume(queue.as_str().into(), "".into(), options, arguments);
        let consumer = within(ANSWER_LIMIT, consuming).await?;
        Ok(Self { queue, channel, consumer })
    }

    /// The next delivery; `None` when none arrives within [`SILENCE_MAX`] after `since`. Cancel-safe.
    pub async fn next(&mut self, since: Instant) -> Result<Option<Delivery>, BrokerError> {
        match timeout_at(since + SILENCE_MAX, self.consumer.next()).await {
            Err(_silent) => Ok(None),
            // The stream ends when the broker cancels the consumer, for instance because the queue was deleted.
            Ok(None) => Err(BrokerError::ConsumerCancelled(self.queue.clone())),
            Ok(Some(delivery)) => Ok(Some(delivery?)),
        }
    }

    /// `first` with all deliveries that are ready behind it, at most `limit` together. There is no timer: a single
    /// message is handled at once, a thousand are handled together.
    pub fn ready_after(&mut self, first: Delivery, limit: usize) -> Result<Vec<Delivery>, BrokerError> {
        let mut deliveries = vec![first];
        while deliveries.len() < limit {
            // The end of the stream is reported by the next call of `next`.
            let Some(Some(more)) = self.consumer.next().now_or_never() else { break };
            deliveries.push(more?);
        }
        Ok(deliveries)
    }

    /// Cancels the consumer and closes the channel. The broker redelivers what is unacked.
    pub async fn close(self) {
        drop(self.consumer);
        if let Err(error) = within(ANSWER_LIMIT, self.channel.close(200, "the session ends".into())).await {
            tracing::debug!(%error, "The channel could not be closed");
        }
    }
}
