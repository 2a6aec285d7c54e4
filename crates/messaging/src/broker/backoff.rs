//! Exponential backoff with jitter, so that processes that lost the same broker or database do not return at once.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use platform::lifecycle::Lifecycle;
use std::time::Duration;

/// The delay doubles from `min` to `max`. Up to the same time is added at random.
#[derive(Debug)]
pub(crate) struct Backoff {
    builder: ExponentialBuilder,
    delays: ExponentialBackoff,
}

impl Backoff {
    pub fn new(min: Duration, max: Duration) -> Self {
        let builder = ExponentialBuilder::default().with_min_delay(min).with_max_delay(max);
        let builder = builder.without_max_times().with_jitter();
        Self { builder, delays: builder.build() }
    }

    /// Begins again with the shortest delay.
    pub fn reset(&mut self) {
        self.delays = self.builder.build();
    }

    /// Waits for the next delay, or until the process stops.
    pub async fn wait(&mut self, lifecycle: &Lifecycle) {
        let delay = self.delays.next().expect("the number of delays has no limit");
        lifecycle.sleep_or_stop(delay, std::future::pending()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_doubles_up_to_its_limit_with_jitter() {
        let (min, max) = (Duration::from_millis(200), Duration::from_secs(10));
        let delays: Vec<Duration> = Backoff::new(min, max).delays.take(1_000).collect();

        for (number, delay) in delays.iter().enumerate() {
            let base = min.saturating_mul(2_u32.saturating_pow(u32::try_from(number).unwrap())).min(max);
            assert!((base..=base * 2).contains(delay), "delay {number} is {delay:?}, and its base {base:?}");
        }
    }
}
