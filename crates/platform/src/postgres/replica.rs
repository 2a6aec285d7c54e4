//! A read replica for lists, used while it is fresh.
//!
//! Once a second the primary's position in its write-ahead log is noted, and then the replica's. Everything that was
//! committed before a noted position is visible on a replica that has replayed this position. So the replica is as old
//! as the newest position that it has replayed, also while nothing is written.

use super::{session, unsynchronized};
use crate::config::{DatabaseArgs, ReplicaArgs};
use crate::lifecycle::Lifecycle;
use sqlx::{PgPool, Row as _};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const MEASURE_INTERVAL: Duration = Duration::from_secs(1);
const MEASURE_LIMIT: Duration = Duration::from_secs(2);
const POSITIONS_MAX: usize = 4_096;

/// Where lists are read; cheap to clone.
#[derive(Debug, Clone)]
pub struct ListPool {
    primary: PgPool,
    replica: Option<Replica>,
}

#[derive(Debug, Clone)]
struct Replica {
    pool: PgPool,
    /// Until then, what the replica shows is recent enough.
    fresh_until: Arc<Mutex<Option<Instant>>>,
}

impl ListPool {
    /// Without a replica.
    pub fn of_primary(primary: PgPool) -> Self {
        Self { primary, replica: None }
    }

    /// Measures the replica that the settings name, if any, until the process stops.
    pub fn start(
        primary: PgPool,
        database: &DatabaseArgs,
        replica: &ReplicaArgs,
        process: &str,
        lifecycle: &Lifecycle,
    ) -> Result<Self, sqlx::Error> {
        let Some(url) = &replica.database_read_url else { return Ok(Self::of_primary(primary)) };
        let args = DatabaseArgs { database_url: url.clone(), ..database.clone() };
        let options = session::options(&args, process)?;
        // A connection to the primary synchronizes the clock of the process; the replica's clock is another.
        let pool = unsynchronized(args.database_max_connections).connect_lazy_with(options);
        let measured = Replica { pool, fresh_until: Arc::default() };
        let freshness = Freshness::new(replica.staleness_max());
        let watcher = Watcher { primary: primary.clone(), replica: measured.clone(), freshness, checked: None, args };
        lifecycle.spawn(watcher.run(lifecycle.clone()));
        Ok(Self { primary, replica: Some(measured) })
    }

    /// The replica while it shows everything that was committed the allowed time ago, otherwise the primary.
    pub fn current(&self) -> &PgPool {
        match &self.replica {
            Some(replica) if replica.is_fresh() => &replica.pool,
            _ => &self.primary,
        }
    }
}

impl Replica {
    fn is_fresh(&self) -> bool {
        self.fresh_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    fn set_fresh_until(&self, until: Option<Instant>) {
        *self.fresh_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// A position in the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position(u64);

impl Position {
    /// Parses Postgres's form: two hexadecimal halves, such as `16/B374D848`.
    fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        Some(Self(u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?))
    }
}

/// The positions of the primary that the replica has not replayed yet, and the newest one that it has.
#[derive(Debug)]
struct Freshness {
    staleness_max: Duration,
    noted: VecDeque<(Instant, Position)>,
    replayed_at: Option<Instant>,
}

impl Freshness {
    fn new(staleness_max: Duration) -> Self {
        Self { staleness_max, noted: VecDeque::new(), replayed_at: None }
    }

    /// Notes where the primary was at `at`.
    fn note(&mut self, at: Instant, written: Position) {
        if self.noted.len() < POSITIONS_MAX {
            self.noted.push_back((at, written));
        }
    }

    /// Until when a replica that has replayed `position` is fresh enough.
    fn until(&mut self, position: Position) -> Option<Instant> {
        while let Some((at, _)) = self.noted.pop_front_if(|(_, written)| *written <= position) {
            self.replayed_at = Some(at);
        }
        self.replayed_at.map(|at| at + self.staleness_max)
    }
}

struct Watcher {
    primary: PgPool,
    replica: Replica,
    freshness: Freshness,
    /// Set once the settings of the replica's sessions have been checked.
    checked: Option<()>,
    args: DatabaseArgs,
}

/// Why a replica can't be measured.
#[derive(Debug, thiserror::Error)]
enum Unmeasured {
    #[error("no answer within {MEASURE_LIMIT:?}")]
    TooSlow,
    #[error("DATABASE_READ_URL does not name a replica")]
    NoReplica,
    #[error(transparent)]
    Session(#[from] session::SessionError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Watcher {
    async fn run(mut self, lifecycle: Lifecycle) {
        let mut was_fresh = None;
        while !lifecycle.stopping.is_cancelled() {
            let measured =
                tokio::time::timeout(MEASURE_LIMIT, self.measure()).await.unwrap_or(Err(Unmeasured::TooSlow));
            let (until, error) = match measured {
                Ok(until) => (until, None),
                Err(error) => (None, Some(error)),
            };
            self.replica.set_fresh_until(until);
            let is_fresh = self.replica.is_fresh();
            if was_fresh.replace(is_fresh) != Some(is_fresh) {
                log_change(is_fresh, error.as_ref());
            }
            lifecycle.sleep_or_stop(MEASURE_INTERVAL, std::future::pending()).await;
        }
        super::close(&self.replica.pool).await;
    }

    async fn measure(&mut self) -> Result<Option<Instant>, Unmeasured> {
        if self.checked.is_none() {
            session::check(&self.replica.pool.connect_options(), self.args.database_statement_cache).await?;
            self.checked = Some(());
        }
        let noted_at = Instant::now();
        let written = position(&self.primary, "SELECT pg_current_wal_lsn()::text").await?;
        self.freshness.note(noted_at, written.ok_or(Unmeasured::NoReplica)?);
        let replayed = position(&self.replica.pool, "SELECT pg_last_wal_replay_lsn()::text").await?;
        Ok(self.freshness.until(replayed.ok_or(Unmeasured::NoReplica)?))
    }
}

/// `None` if the server has no such position: a primary replays nothing.
async fn position(pool: &PgPool, select: &'static str) -> sqlx::Result<Option<Position>> {
    let row = sqlx::raw_sql(select).fetch_one(&mut *super::reader(pool).await?).await?;
    Ok(row.try_get::<Option<String>, _>(0)?.as_deref().and_then(Position::parse))
}

fn log_change(is_fresh: bool, error: Option<&Unmeasured>) {
    match error {
        _ if is_fresh => tracing::info!("Lists are read from the replica"),
        Some(error) => tracing::warn!(%error, "Lists are read from the primary: the replica can't be measured"),
        None => tracing::warn!("Lists are read from the primary: the replica is too far behind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(5);

    #[test]
    fn a_replica_is_as_old_as_the_newest_position_that_it_has_replayed() {
        let (began, second) = (Instant::now(), Duration::from_secs(1));
        let mut freshness = Freshness::new(BOUND);
        freshness.note(began, Position(100));
        freshness.note(began + second, Position(200));

        assert_eq!(freshness.until(Position(99)), None);
        assert_eq!(freshness.until(Position(150)), Some(began + BOUND));
        assert_eq!(freshness.until(Position(150)), Some(began + BOUND), "it replays nothing more, and grows older");
        assert_eq!(freshness.until(Position(200)), Some(began + second + BOUND));
    }

    #[test]
    fn a_replica_stays_fresh_while_nothing_is_written() {
        let began = Instant::now();
        let mut freshness = Freshness::new(BOUND);
        for seconds in 0..100 {
            let at = began + Duration::from_secs(seconds);
            freshness.note(at, Position(7));
            assert_eq!(freshness.until(Position(7)), Some(at + BOUND));
        }
    }

    #[test]
    fn positions_are_compared_as_numbers() {
        assert!(Position::parse("2/0") > Position::parse("1/FFFFFFFF"));
        assert_eq!(Position::parse("16/B374D848"), Some(Position(0x16_B374_D848)));
        assert_eq!(Position::parse("nothing"), None);
    }
}
