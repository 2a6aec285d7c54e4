//! How fast a replay goes: from nothing to its rate in a straight line, then steadily.

use std::time::Duration;

/// Jobs a second at most.
pub const RATE_MAX: u32 = 200;
pub const RAMP_SECONDS_MAX: u32 = 600;
/// What was not sent while nobody drove it is not made up for all at once.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    rate_per_s: u32,
    ramp_s: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPace {
    #[error("a rate must be 1 to {RATE_MAX} jobs per second")]
    Rate(i64),
    #[error("a ramp must be 0 to {RAMP_SECONDS_MAX} seconds")]
    Ramp(i64),
}

impl Pace {
    /// `rate_per_s` jobs a second (1 to [`RATE_MAX`]), reached after `ramp_s` seconds (0 to [`RAMP_SECONDS_MAX`]).
    pub fn new(rate_per_s: i64, ramp_s: i64) -> Result<Self, BadPace> {
        let rate = u32::try_from(rate_per_s).ok().filter(|rate| (1..=RATE_MAX).contains(rate));
        let ramp = u32::try_from(ramp_s).ok().filter(|ramp| *ramp <= RAMP_SECONDS_MAX);
        Ok(Self { rate_per_s: rate.ok_or(BadPace::Rate(rate_per_s))?, ramp_s: ramp.ok_or(BadPace::Ramp(ramp_s))? })
    }

    pub const fn rate_per_s(self) -> u32 {
        self.rate_per_s
    }

    pub const fn ramp_s(self) -> u32 {
        self.ramp_s
    }

    /// What may be sent between two moments after the begin, in thousandths of a job.
    pub(super) fn due(self, last: Duration, now: Duration) -> u64 {
        let last = last.max(now.saturating_sub(CATCH_UP_MAX));
        self.sent_until(now).saturating_sub(self.sent_until(last))
    }

    fn sent_until(self, moment: Duration) -> u64 {
        let moment_ms = u64::try_from(moment.as_millis()).unwrap_or(u64::MAX);
        let (rate, ramp_ms) = (u64::from(self.rate_per_s), u64::from(self.ramp_s) * 1_000);
        if moment_ms < ramp_ms {
            rate * moment_ms * moment_ms / (2 * ramp_ms)
        } else {
            rate.saturating_mul(moment_ms - ramp_ms / 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs that are sent in so many seconds, by a driver that comes twice a second.
    fn sent(pace: Pace, seconds: u32) -> u64 {
        let steps = (0..seconds * 2).map(|step| [step, step + 1].map(|half| Duration::from_millis(500) * half));
        steps.map(|[last, now]| pace.due(last, now)).sum::<u64>() / 1_000
    }

    #[test]
    fn it_goes_from_nothing_to_its_rate_and_stays_there() {
        let pace = Pace::new(100, 20).expect("a pace");

        assert_eq!([10, 20, 30].map(|seconds| sent(pace, seconds)), [250, 1_000, 2_000]);
        assert_eq!(sent(Pace::new(100, 0).expect("a pace"), 10), 1_000);
        assert_eq!(sent(Pace::new(1, 0).expect("a pace"), 7), 7);
    }

    #[test]
    fn what_nobody_drove_is_not_made_up_for() {
        let pace = Pace::new(100, 0).expect("a pace");

        assert_eq!(pace.due(Duration::from_secs(5), Duration::from_hours(1)), 100_000);
        assert_eq!(pace.due(Duration::from_secs(5), Duration::from_secs(4)), 0);
        assert!(Pace::new(200, 600).expect("a pace").due(Duration::ZERO, Duration::MAX) <= 200_000);
    }

    #[test]
    fn what_is_no_pace_is_refused() {
        assert_eq!(Pace::new(0, 0), Err(BadPace::Rate(0)));
        assert_eq!(Pace::new(201, 0), Err(BadPace::Rate(201)));
        assert_eq!(Pace::new(200, 601), Err(BadPace::Ramp(601)));
        assert_eq!(Pace::new(200, -1), Err(BadPace::Ramp(-1)));
    }
}
