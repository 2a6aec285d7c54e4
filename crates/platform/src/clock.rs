//! The one place that reads the clock. Doors read it once and pass it on; rules get it as an argument.
//!
//! It is the database's clock, read with every new connection and every heartbeat, and counted on by the monotonic clock
//! in between. So all processes agree on deadlines, and a machine whose clock is wrong, or jumps, delays nobody.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// An answer that took longer says too little about the moment that it was given in.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// By how much a machine's clock may differ before it is worth a warning.
const DIFFERENCE_MAX: TimeDelta = TimeDelta::seconds(2);
/// Before the database has been heard of.
const UNKNOWN: i64 = i64::MIN;

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

/// Now, in microseconds as Postgres keeps it, so that a value and its re-read are equal.
pub fn now() -> DateTime<Utc> {
    CLOCK.at(Instant::now())
}

/// The database said that it is `theirs`, having been asked at `asked`.
pub fn follow(theirs: DateTime<Utc>, asked: Instant) {
    CLOCK.follow(theirs, asked, Instant::now());
}

struct Clock {
    origin: Instant,
    /// The database's time at `origin`, in microseconds.
    origin_micros: AtomicI64,
    differs: AtomicBool,
}

impl Clock {
    fn new() -> Self {
        let origin_micros = AtomicI64::new(UNKNOWN);
        Self { origin: Instant::now(), origin_micros, differs: AtomicBool::new(false) }
    }

    fn at(&self, moment: Instant) -> DateTime<Utc> {
        match self.origin_micros.load(Ordering::Relaxed) {
            UNKNOWN => machine(),
            origin => DateTime::from_timestamp_micros(origin + self.micros_to(moment)).unwrap_or_else(machine),
        }
    }

    fn follow(&self, theirs: DateTime<Utc>, asked: Instant, answered: Instant) {
        let took = answered.saturating_duration_since(asked);
        if took <= ANSWER_LIMIT {
            let origin = theirs.timestamp_micros() - self.micros_to(asked + took / 2);
            self.origin_micros.store(origin, Ordering::Relaxed);
            self.report(machine() - theirs);
        }
    }

    fn micros_to(&self, moment: Instant) -> i64 {
        i64::try_from(moment.saturating_duration_since(self.origin).as_micros()).unwrap_or(i64::MAX / 2)
    }

    fn report(&self, ahead: TimeDelta) {
        let differs = ahead.abs() > DIFFERENCE_MAX;
        if self.differs.swap(differs, Ordering::Relaxed) != differs {
            let ahead_seconds = ahead.num_seconds();
            if differs {
                tracing::warn!(
                    ahead_seconds,
                    "This machine's clock differs from the database's, which is used instead"
                );
            } else {
                tracing::info!(ahead_seconds, "This machine's clock agrees with the database's again");
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "everybody else calls `now`")]
fn machine() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    #[test]
    fn the_time_is_the_databases_however_wrong_the_machines_is() {
        for wrong_by in [HOUR, -HOUR] {
            let (clock, asked) = (Clock::new(), Instant::now());
            let theirs = machine() + wrong_by;

            clock.follow(theirs, asked, asked + Duration::from_millis(200));

            let expected = theirs + TimeDelta::milliseconds(9_900);
            assert_eq!(clock.at(asked + Duration::from_secs(10)), expected, "counted on from the middle of the call");
        }
    }

    #[test]
    fn before_the_database_was_heard_of_and_after_an_answer_that_took_too_long_the_time_is_as_it_was() {
        let (clock, asked) = (Clock::new(), Instant::now());

        clock.follow(machine() + HOUR, asked, asked + 2 * ANSWER_LIMIT);

        assert!((clock.at(Instant::now()) - machine()).abs() < DIFFERENCE_MAX);
    }
}
