//! What waits at the door right now: never a timer. One message alone goes through at once, a thousand go together.

use crate::broker::BrokerError;
use futures::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::message::Delivery;
use std::time::Duration;
use tokio::time::timeout;

/// How long a session waits for a delivery. RabbitMQ 3.x may lose a consumer without a word, when its queue is deleted and
/// declared anew at once; a new channel is the only cure, and costs an idle queue next to nothing.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(15);

/// The next delivery and all that are ready behind it once it is our turn, at most `limit`. None when nothing came for
/// [`SILENCE_MAX`].
pub(crate) async fn next<T>(
    consumer: &mut Consumer,
    queue: &str,
    limit: usize,
    turn: impl Future<Output = T>,
) -> Result<Option<(Vec<Delivery>, T)>, BrokerError> {
    let Ok(mut arrived) = timeout(SILENCE_MAX, consumer.next()).await else { return Ok(None) };
    let turn = turn.await;
    let mut window = Vec::new();
    loop {
        // The stream ends when the broker cancels us, for instance because the queue was deleted.
        window.push(arrived.ok_or_else(|| BrokerError::ConsumerCancelled(queue.to_owned()))??);
        if window.len() >= limit {
            return Ok(Some((window, turn)));
        }
        match consumer.next().now_or_never() {
            Some(more) => arrived = more,
            None => return Ok(Some((window, turn))),
        }
    }
}
