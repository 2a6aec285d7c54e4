//! Timers accurate to 0.1 ms, by sleeping threads: tokio's timers are up to 2 ms late, which is a tenth of an order's
//! latency.

use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};

/// Due times at a constant rate, produced whether or not a sender is free (open loop).
#[derive(Debug)]
pub struct Schedule(Mutex<mpsc::UnboundedReceiver<(u64, Instant)>>);

impl Schedule {
    /// Starts a thread that produces `per_second` numbered due times from `start` on, while `continues` returns true.
    pub fn start(start: Instant, per_second: f64, continues: impl Fn(u64, Instant) -> bool + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::task::spawn_blocking(move || {
            for number in 0.. {
                let due = start + Duration::from_secs_f64(super::count(number) / per_second);
                if !continues(number, due) {
                    return;
                }
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if sender.send((number, due)).is_err() {
                    return;
                }
            }
        });
        Self(Mutex::new(receiver))
    }

    /// The next number and its due time; `None` after the last.
    pub async fn next(&self) -> Option<(u64, Instant)> {
        self.0.lock().await.recv().await
    }
}

/// Sleeps until `deadline` on a blocking thread.
pub async fn sleep_until(deadline: Instant) {
    let left = deadline.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        // The result is ignored: the task can't panic.
        let _joined = tokio::task::spawn_blocking(move || std::thread::sleep(left)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn due_times_come_in_order_and_never_early() {
        let start = Instant::now();
        let schedule = Schedule::start(start, 1000.0, |number, _due| number < 3);
        let mut received = Vec::new();
        while let Some((number, due)) = schedule.next().await {
            assert!(Instant::now() >= due);
            received.push((number, due - start));
        }
        assert_eq!(received, [0, 1, 2].map(|number| (number, Duration::from_millis(number))));
    }
}
