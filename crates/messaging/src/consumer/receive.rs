//! Collects the deliveries that are ready right now, without a timer: a single message is handled at once, a thousand
//! are handled together.

use crate::broker::BrokerError;
use futures::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::message::Delivery;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a session waits for a delivery before it ends. RabbitMQ 3.x may lose a consumer without an error when its
/// queue is deleted and declared again at once. The only remedy is a new channel, which costs an idle queue next to
/// nothing.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(15);

/// The next delivery; `None` when none arrives within [`SILENCE_MAX`] after `since`. Cancel-safe.
pub(crate) async fn first(
    consumer: &mut Consumer,
    queue: &str,
    since: Instant,
) -> Result<Option<Delivery>, BrokerError> {
    match timeout_at(since + SILENCE_MAX, consumer.next()).await {
        Err(_silent) => Ok(None),
        // The stream ends when the broker cancels the consumer, for instance because the queue was deleted.
        Ok(None) => Err(BrokerError::ConsumerCancelled(queue.to_owned())),
        Ok(Some(delivery)) => Ok(Some(delivery?)),
    }
}

/// `first` with all deliveries that are ready behind it, at most `limit` together.
pub(crate) fn fill(first: Delivery, consumer: &mut Consumer, limit: usize) -> Result<Vec<Delivery>, BrokerError> {
    let mut deliveries = vec![first];
    while deliveries.len() < limit {
        // The end of the stream is reported by the next call of `first`.
        let Some(Some(more)) = consumer.next().now_or_never() else { break };
        deliveries.push(more?);
    }
    Ok(deliveries)
}
