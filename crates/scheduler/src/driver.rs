//! Runs a task again and again while this scheduler leads it. Knows no task.

use crate::leadership::{Leadership, Term};
use crate::metrics;
use chrono::TimeDelta;
use domain::Timestamp;
use futures::future::BoxFuture;
use operations::schedule::{self, Run, Runner};
use platform::lifecycle::Lifecycle;
use platform::telemetry::milliseconds;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Rows that a task takes at a time; a full batch is followed by the next at once.
pub const BATCH_MAX: u16 = 256;
/// Batches of one run: then others have their turn, and the run is written down.
const BATCHES_MAX: u32 = 200;
/// A run that found nothing to do is written down no more often than this.
const IDLE_TOLD_EVERY: Duration = Duration::from_secs(5);

/// How long a batch may go on while the process stops.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Something to do every so often.
pub struct Task {
    pub name: &'static str,
    pub period: Duration,
    /// How long a batch may take; only what hangs on a dead connection takes longer.
    pub batch_limit: Duration,
    /// Does one batch and answers how many rows it took.
    pub run: Box<dyn Fn(Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync>,
}

/// What a driver needs beside its task.
#[derive(Clone)]
pub struct Desk {
    pub pool: PgPool,
    pub runner: Runner,
    pub leadership: Leadership,
    pub lifecycle: Lifecycle,
}

/// Where a driver stands between two runs. Within a term it counts by the monotonic clock: one that is set back, or was
/// ahead for a while, must not stop the task for as long.
struct Clock {
    /// The term that `next_run` belongs to.
    term: u64,
    next_run: Instant,
    idle_told: Option<Instant>,
}

/// Runs `task` whenever it is due and led here, until the process stops.
pub async fn drive(task: Task, mut desk: Desk) {
    let mut clock = Clock { term: 0, next_run: Instant::now(), idle_told: None };
    while !desk.lifecycle.stopping.is_cancelled() {
        let Some(term) = desk.leadership.term(task.name) else {
            let lifecycle = desk.lifecycle.clone();
            lifecycle.pause(task.period.max(IDLE_TOLD_EVERY), desk.leadership.changed()).await;
            continue;
        };
        let wait = clock.until_due(term, task.period, platform::clock::now());
        if wait > Duration::ZERO {
            desk.lifecycle.pause(wait.min(task.period), std::future::pending()).await;
            continue;
        }
        let run = run(&task, &desk).await;
        clock.ran(task.period);
        tell(&task, &desk, &run, &mut clock.idle_told).await;
    }
}

impl Clock {
    /// A new leader goes on where the last one left off, whose clock or whose period may have been another.
    fn until_due(&mut self, term: Term, period: Duration, now: Timestamp) -> Duration {
        if self.term != term.number {
            let wait = (term.next_run_at - now).to_std().unwrap_or_default().min(period);
            *self = Self { term: term.number, next_run: Instant::now() + wait, idle_told: None };
        }
        self.next_run.saturating_duration_since(Instant::now())
    }

    fn ran(&mut self, period: Duration) {
        self.next_run = Instant::now() + period;
    }
}

/// One batch after another, as long as there is more to do and this scheduler leads.
async fn run(task: &Task, desk: &Desk) -> Run {
    let _running = metrics::Running::begin();
    let (started_at, began) = (platform::clock::now(), Instant::now());
    let (mut taken, mut error) = (0, None);
    for _batch in 0..BATCHES_MAX {
        match batch(task, &desk.lifecycle).await {
            Ok(rows) => {
                taken += rows;
                let more = rows >= usize::from(BATCH_MAX) && !desk.lifecycle.stopping.is_cancelled();
                if !more || desk.leadership.term(task.name).is_none() {
                    break;
                }
            }
            Err(failure) => {
                error = Some(format!("{failure:#}"));
                break;
            }
        }
    }
    let rows = u64::try_from(taken).unwrap_or(u64::MAX);
    Run { started_at, took: began.elapsed(), rows, error, next_run_at: after(task.period, platform::clock::now()) }
}

/// A batch that is dropped is rolled back.
async fn batch(task: &Task, lifecycle: &Lifecycle) -> anyhow::Result<usize> {
    let batch = tokio::time::timeout(task.batch_limit, (task.run)(platform::clock::now()));
    let stopped = async {
        lifecycle.stopping.cancelled().await;
        tokio::time::sleep(STOP_LIMIT).await;
    };
    tokio::select! {
        done = batch => done.unwrap_or_else(|_| Err(anyhow::anyhow!("it took longer than {:?}", task.batch_limit))),
        () = stopped => Err(anyhow::anyhow!("the process stops")),
    }
}

fn after(period: Duration, now: Timestamp) -> Timestamp {
    TimeDelta::from_std(period).ok().and_then(|period| now.checked_add_signed(period)).unwrap_or(Timestamp::MAX_UTC)
}

/// In the log and in the history; a task that finds nothing to do twice a second is not told twice a second.
async fn tell(task: &Task, desk: &Desk, run: &Run, idle_told: &mut Option<Instant>) {
    let duration_ms = milliseconds(run.took);
    metrics::ran(task.name, run.result(), run.took);
    match (&run.error, run.rows) {
        (Some(error), rows) => {
            tracing::warn!(task = task.name, error, rows, duration_ms, "A task failed and will be tried again");
        }
        (None, 0) if idle_told.is_some_and(|told| told.elapsed() < IDLE_TOLD_EVERY) => return,
        (None, 0) => {}
        (None, rows) => tracing::info!(task = task.name, rows, duration_ms, "Did a task"),
    }
    *idle_told = Some(Instant::now());
    if let Err(error) = schedule::record(&desk.pool, &desk.runner, task.name, run).await {
        tracing::warn!(%error, task = task.name, "A run could not be written down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(30);
    const HOUR: TimeDelta = TimeDelta::hours(1);

    fn term(number: u64, next_run_at: Timestamp) -> Term {
        Term { number, until: Instant::now() + PERIOD, next_run_at }
    }

    #[test]
    fn a_clock_that_goes_back_an_hour_within_a_term_delays_no_task() {
        let noon: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a time");
        let mut clock = Clock { term: 0, next_run: Instant::now(), idle_told: None };
        assert_eq!(clock.until_due(term(1, noon), PERIOD, noon), Duration::ZERO);

        clock.ran(PERIOD);

        for now in [noon - HOUR, noon, noon + HOUR] {
            let wait = clock.until_due(term(1, noon), PERIOD, now);
            assert!(wait > Duration::ZERO && wait <= PERIOD, "{wait:?} at {now}");
        }
    }

    #[test]
    fn a_new_leader_goes_on_where_the_last_one_left_off_but_waits_no_longer_than_a_period() {
        let noon: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a time");
        let mut clock = Clock { term: 0, next_run: Instant::now(), idle_told: None };

        let left_off = clock.until_due(term(1, noon + TimeDelta::seconds(10)), PERIOD, noon);
        assert!(left_off > Duration::from_secs(9) && left_off <= Duration::from_secs(10), "{left_off:?}");
        let ahead = clock.until_due(term(2, noon + HOUR), PERIOD, noon);
        assert!(ahead <= PERIOD, "{ahead:?}");
    }
}
