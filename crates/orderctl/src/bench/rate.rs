//! When to act, to a tenth of a millisecond: a thread that sleeps is that punctual, tokio's timers are up to two
//! milliseconds late, which is a tenth of what an order takes.

use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};

/// Turns that come at their time, whether anybody is there to take them or not.
#[derive(Debug)]
pub struct Pace(Mutex<mpsc::UnboundedReceiver<(u64, Instant)>>);

impl Pace {
    /// Counted from nought, `per_second` of them from `begun` on; as many as `goes_on` says of their number and time.
    pub fn start(begun: Instant, per_second: f64, goes_on: impl Fn(u64, Instant) -> bool + Send + 'static) -> Self {
        let (turns, taken) = mpsc::unbounded_channel();
        tokio::task::spawn_blocking(move || {
            for number in 0.. {
                let due = begun + Duration::from_secs_f64(super::count(number) / per_second);
                if !goes_on(number, due) {
                    return;
                }
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if turns.send((number, due)).is_err() {
                    return;
                }
            }
        });
        Self(Mutex::new(taken))
    }

    /// The next turn, and when it was due; none after the last.
    pub async fn next(&self) -> Option<(u64, Instant)> {
        self.0.lock().await.recv().await
    }
}

pub async fn rest_until(at: Instant) {
    let left = at.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        // It can't panic.
        let _rested = tokio::task::spawn_blocking(move || std::thread::sleep(left)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_come_in_order_at_their_time_and_end() {
        let begun = Instant::now();
        let pace = Pace::start(begun, 1000.0, |number, _due| number < 3);
        let mut turns = Vec::new();
        while let Some((number, due)) = pace.next().await {
            assert!(Instant::now() >= due);
            turns.push((number, due - begun));
        }
        assert_eq!(turns, [0, 1, 2].map(|number| (number, Duration::from_millis(number))));
    }
}
