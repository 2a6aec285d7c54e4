//! The one way to wait: ask again and again, until it holds or a limit has passed.

use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

const ASK_EVERY: Duration = Duration::from_millis(25);

/// Waits until `probe` answers `Ok`, and fails the test after `limit`, telling what was seen last.
pub async fn eventually<T, F>(what: &str, limit: Duration, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(ASK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match probe().await {
            Ok(value) => return value,
            Err(seen) => assert!(begun.elapsed() < limit, "waited {limit:?} for: {what}. Last seen: {seen}"),
        }
    }
}
