//! What waits at the door right now: never a timer. One message alone goes through at once, a thousand go together.

use crate::broker::BrokerError;
use futures::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::message::Delivery;

/// The next delivery, when there is one, and all that are ready behind it, at most `limit`.
pub(crate) async fn next(consumer: &mut Consumer, queue: &str, limit: usize) -> Result<Vec<Delivery>, BrokerError> {
    let mut window = Vec::new();
    let mut arrived = consumer.next().await;
    loop {
        // The stream ends when the broker cancels us, for instance because the queue was deleted.
        window.push(arrived.ok_or_else(|| BrokerError::ConsumerCancelled(queue.to_owned()))??);
        if window.len() >= limit {
            return Ok(window);
        }
        match consumer.next().now_or_never() {
            Some(more) => arrived = more,
            None => return Ok(window),
        }
    }
}
