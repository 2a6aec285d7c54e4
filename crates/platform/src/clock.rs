//! The only place that reads the clock. The binaries read it once and pass the time on; domain rules get it as an
//! argument.
//!
//! The time is the database's. It is read with every new connection and every heartbeat, and extrapolated with the
//! monotonic clock in between. So all processes agree on deadlines, and a machine with a wrong or jumping clock causes
//! no delays.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Slower answers are ignored once the time is known: the time in them is too inaccurate. The first answer is used
/// however slow it is, because the machine's clock may be wrong by more than any answer takes.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// How much a machine's clock may differ from the database's before a warning is logged.
const DIFFERENCE_MAX: TimeDelta = TimeDelta::seconds(2);
/// The database's time has not been read yet.
const UNKNOWN: i64 = i64::MIN;

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

/// The current time with the microsecond precision of Postgres, so that a stored value equals the one read back.
pub fn now() -> DateTime<Utc> {
    CLOCK.at(Instant::now())
}

/// Whether the database's time is known.
pub fn is_synchronized() -> bool {
    CLOCK.is_synchronized()
}

/// Synchronizes the clock with the database's time, which was queried at `queried_at` and has just been received.
pub fn synchronize(database_time: DateTime<Utc>, queried_at: Instant) {
    CLOCK.synchronize(database_time, queried_at, Instant::now());
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

    fn is_synchronized(&self) -> bool {
        self.origin_micros.load(Ordering::Relaxed) != UNKNOWN
    }

    fn synchronize(&self, database_time: DateTime<Utc>, queried_at: Instant, answered_at: Instant) {
        let took = answered_at.saturating_duration_since(queried_at);
        if !self.is_synchronized() || took <= ANSWER_LIMIT {
            let origin = database_time.timestamp_micros() - self.micros_to(queried_at + took / 2);
            self.origin_micros.store(origin, Ordering::Relaxed);
            self.report(machine() - database_time);
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

#[expect(clippy::disallowed_methods, reason = "all other code calls `now`")]
fn machine() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    #[test]
    fn the_time_is_the_databases_even_when_the_machines_clock_is_wrong() {
        for wrong_by in [HOUR, -HOUR] {
            let (clock, queried_at) = (Clock::new(), Instant::now());
            let database_time = machine() + wrong_by;

            clock.synchronize(database_time, queried_at, queried_at + Duration::from_millis(200));

            let expected = database_time + TimeDelta::milliseconds(9_900);
            let later = clock.at(queried_at + Duration::from_secs(10));
            assert_eq!(later, expected, "extrapolated from the middle of the query");
        }
    }

    #[test]
    fn a_slow_answer_is_used_until_the_database_answers_promptly_and_ignored_afterwards() {
        let (clock, queried_at) = (Clock::new(), Instant::now());
        let database_time = machine() + HOUR;
        let slow = 2 * ANSWER_LIMIT;

        clock.synchronize(database_time, queried_at, queried_at + slow);
        assert_eq!(
            clock.at(queried_at + slow / 2),
            database_time,
            "the first answer is better than the machine's clock"
        );

        clock.synchronize(database_time, queried_at, queried_at + Duration::from_millis(200));
        let at_query = database_time - TimeDelta::milliseconds(100);
        assert_eq!(clock.at(queried_at), at_query, "a prompt answer is more accurate");

        clock.synchronize(database_time, queried_at, queried_at + slow);
        assert_eq!(clock.at(queried_at), at_query, "a slow answer replaces no better one");
    }
}
