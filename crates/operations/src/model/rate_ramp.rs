//! The rate of a replay: it rises linearly from 0 to the full rate, and then stays constant.

use std::time::Duration;

/// Maximum rate, in jobs per second.
pub const RATE_MAX: u32 = 200;
pub const RAMP_SECONDS_MAX: u32 = 600;
/// At most this much time is caught up on, so that a pause is not followed by a burst.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

/// A rate in jobs per second, reached after a linear ramp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateRamp {
    rate_per_s: u32,
    ramp_s: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRateRamp {
    #[error("a rate must be 1 to {RATE_MAX} jobs per second")]
    Rate(i64),
    #[error("a ramp must be 0 to {RAMP_SECONDS_MAX} seconds")]
    Ramp(i64),
}

impl RateRamp {
    /// `rate_per_s` jobs per second (1 to [`RATE_MAX`]), reached after `ramp_s` seconds (0 to [`RAMP_SECONDS_MAX`]).
    pub fn new(rate_per_s: i64, ramp_s: i64) -> Result<Self, InvalidRateRamp> {
        let rate = u32::try_from(rate_per_s).ok().filter(|rate| (1..=RATE_MAX).contains(rate));
        let ramp = u32::try_from(ramp_s).ok().filter(|ramp| *ramp <= RAMP_SECONDS_MAX);
        Ok(Self {
            rate_per_s: rate.ok_or(InvalidRateRamp::Rate(rate_per_s))?,
            ramp_s: ramp.ok_or(InvalidRateRamp::Ramp(ramp_s))?,
        })
    }

    pub const fn rate_per_s(self) -> u32 {
        self.rate_per_s
    }

    pub const fn ramp_s(self) -> u32 {
        self.ramp_s
    }

    /// The send budget between two times, measured from the start of the replay, in 1/1000 of a job.
    pub(crate) fn due(self, last: Duration, now: Duration) -> u64 {
        let last = last.max(now.saturating_sub(CATCH_UP_MAX));
        self.sent_until(now).saturating_sub(self.sent_until(last))
    }

    fn sent_until(self, time: Duration) -> u64 {
        let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (rate, ramp_ms) = (u64::from(self.rate_per_s), u64::from(self.ramp_s) * 1_000);
        if time_ms < ramp_ms {
            rate * time_ms * time_ms / (2 * ramp_ms)
        } else {
            rate.saturating_mul(time_ms - ramp_ms / 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs that are sent within `seconds` by a scheduler that runs the replay twice per second.
    fn sent(ramp: RateRamp, seconds: u32) -> u64 {
        let steps = (0..seconds * 2).map(|step| [step, step + 1].map(|half| Duration::from_millis(500) * half));
        steps.map(|[last, now]| ramp.due(last, now)).sum::<u64>() / 1_000
    }

    #[test]
    fn the_rate_rises_from_zero_to_the_full_rate_and_stays_there() {
        let ramp = RateRamp::new(100, 20).expect("valid");

        assert_eq!([10, 20, 30].map(|seconds| sent(ramp, seconds)), [250, 1_000, 2_000]);
        assert_eq!(sent(RateRamp::new(100, 0).expect("valid"), 10), 1_000);
        assert_eq!(sent(RateRamp::new(1, 0).expect("valid"), 7), 7);
    }

    #[test]
    fn a_pause_is_not_followed_by_a_burst() {
        let ramp = RateRamp::new(100, 0).expect("valid");

        assert_eq!(ramp.due(Duration::from_secs(5), Duration::from_hours(1)), 100_000);
        assert_eq!(ramp.due(Duration::from_secs(5), Duration::from_secs(4)), 0);
        assert!(RateRamp::new(200, 600).expect("valid").due(Duration::ZERO, Duration::MAX) <= 200_000);
    }

    #[test]
    fn rates_and_ramps_out_of_range_are_refused() {
        assert_eq!(RateRamp::new(0, 0), Err(InvalidRateRamp::Rate(0)));
        assert_eq!(RateRamp::new(201, 0), Err(InvalidRateRamp::Rate(201)));
        assert_eq!(RateRamp::new(200, 601), Err(InvalidRateRamp::Ramp(601)));
        assert_eq!(RateRamp::new(200, -1), Err(InvalidRateRamp::Ramp(-1)));
    }
}
