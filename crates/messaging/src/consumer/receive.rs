//! What waits at the door right now: never a timer. One message alone goes through at once, a thousand go together.

use crate::broker::BrokerError;
use futures::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::message::Delivery;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a session waits for a delivery. RabbitMQ 3.x may lose a consumer without a word, when its queue is deleted and
/// declared anew at once; a new channel is the only cure, and costs an idle queue next to nothing.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(15);

/// The next delivery. None when nothing comes for [`SILENCE_MAX`] after `since`. Given up, it loses nothing.
pub(crate) async fn first(
    consumer: &mut Consumer,
    queue: &str,
    since: Instant,
) -> Result<Option<Delivery>, BrokerError> {
    match timeout_at(since + SILENCE_MAX, consumer.next()).await {
        Err(_silent) => Ok(None),
        // The stream ends when the broker cancels us, for instance because the queue was deleted.
        Ok(None) => Err(BrokerError::ConsumerCancelled(queue.to_owned())),
        Ok(Some(delivery)) => Ok(Some(delivery?)),
    }
}

/// All that are ready behind `first`, at most `limit` with it.
pub(crate) fn fill(first: Delivery, consumer: &mut Consumer, limit: usize) -> Result<Vec<Delivery>, BrokerError> {
    let mut window = vec![first];
    while window.len() < limit {
        // That the stream has ended is for whoever asks next.
        let Some(Some(more)) = consumer.next().now_or_never() else { break };
        window.push(more?);
    }
    Ok(window)
}
