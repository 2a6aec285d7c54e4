//! What waits at the door right now: never a timer. One message alone goes through at once, a thousand go together.

use crate::broker::BrokerError;
use futures::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::message::Delivery;

/// The next delivery, when there is one, and all that are ready behind it once it is our turn, at most `limit`.
pub(crate) async fn next<T>(
    consumer: &mut Consumer,
    queue: &str,
    limit: usize,
    turn: impl Future<Output = T>,
) -> Result<(Vec<Delivery>, T), BrokerError> {
    let mut window = Vec::new();
    let mut arrived = consumer.next().await;
    let turn = turn.await;
    loop {
        // The stream ends when the broker cancels us, for instance because the queue was deleted.
        window.push(arrived.ok_or_else(|| BrokerError::ConsumerCancelled(queue.to_owned()))??);
        if window.len() >= limit {
            return Ok((window, turn));
        }
        match consumer.next().now_or_never() {
            Some(more) => arrived = more,
            None => return Ok((window, turn)),
        }
    }
}
