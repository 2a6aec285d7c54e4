//! The one way to wait in a test: poll until a condition holds or a limit has passed.

use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// Polls `probe` until it returns `Ok`, and returns its value. After `limit` the test fails with the last error.
pub async fn eventually<T, F>(what: &str, limit: Duration, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let began = Instant::now();
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match probe().await {
            Ok(value) => return value,
            Err(last) => assert!(began.elapsed() < limit, "waited {limit:?} for: {what}. Last seen: {last}"),
        }
    }
}
