//! Runs a task periodically while this scheduler is its leader. Independent of the concrete tasks.

use crate::leadership::{Leadership, LeadershipTerm};
use crate::metrics;
use chrono::TimeDelta;
use domain::Timestamp;
use futures::future::BoxFuture;
use operations::schedule::{self, Run, SchedulerId};
use platform::lifecycle::Lifecycle;
use platform::telemetry::milliseconds;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// Rows that a task processes per batch; a full batch is followed by the next one at once.
pub const BATCH_MAX: u16 = 256;
/// Batches of one run at most, so that every run ends and is recorded.
const BATCHES_MAX: u32 = 200;
/// From such a run to the next one: its task has more to do.
const CONTINUE_AFTER: Duration = Duration::from_secs(1);
/// How often at most a run that found nothing to do is recorded.
const IDLE_REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// How long a batch may continue while the process stops.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A periodic task.
pub struct Task {
    pub name: &'static str,
    pub period: Duration,
    /// How long a batch may take. It only ends batches that hang on a connection whose peer is gone.
    pub batch_limit: Duration,
    /// Processes one batch and returns its number of rows.
    pub run: Box<dyn Fn(Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync>,
}

/// What a driver needs besides its task.
#[derive(Clone)]
pub struct DriverContext {
    pub pool: PgPool,
    pub scheduler: SchedulerId,
    pub leadership: Leadership,
    pub lifecycle: Lifecycle,
}

/// When a task is due. Within a leadership term it uses the monotonic clock, so that a wall clock that is set back, or
/// was ahead for a while, does not delay the task.
struct DueTimer {
    /// The term that `next_run` belongs to.
    term: u64,
    next_run: Instant,
    idle_reported_at: Option<Instant>,
}

/// Runs `task` whenever it is due and this scheduler is its leader, until the process stops.
pub async fn drive(task: Task, mut context: DriverContext) {
    let mut timer = DueTimer { term: 0, next_run: Instant::now(), idle_reported_at: None };
    while !context.lifecycle.stopping.is_cancelled() {
        let Some(term) = context.leadership.term(task.name) else {
            let lifecycle = context.lifecycle.clone();
            lifecycle.sleep_or_stop(task.period.max(IDLE_REPORT_INTERVAL), context.leadership.changed()).await;
            continue;
        };
        let wait = timer.until_due(term, task.period, platform::clock::now());
        if wait > Duration::ZERO {
            context.lifecycle.sleep_or_stop(wait.min(task.period), std::future::pending()).await;
            continue;
        }
        let (run, wait) = run(&task, &context).await;
        timer.reset(wait);
        report(&task, &context, &run, &mut timer.idle_reported_at).await;
    }
}

impl DueTimer {
    /// A new leader continues with the stored time of the next run. The wait is limited to one period, because the last
    /// leader's clock or period may have been different.
    fn until_due(&mut self, term: LeadershipTerm, period: Duration, now: Timestamp) -> Duration {
        if self.term != term.number {
            let wait = (term.next_run_at - now).to_std().unwrap_or_default().min(period);
            *self = Self { term: term.number, next_run: Instant::now() + wait, idle_reported_at: None };
        }
        self.next_run.saturating_duration_since(Instant::now())
    }

    fn reset(&mut self, period: Duration) {
        self.next_run = Instant::now() + period;
    }
}

/// Runs batches one after the other while there is more to do and this scheduler is the leader. Returns the time to the
/// next run, too.
async fn run(task: &Task, context: &DriverContext) -> (Run, Duration) {
    let _running = metrics::Running::begin();
    let (started_at, began) = (platform::clock::now(), Instant::now());
    let (mut processed, mut error, mut wait) = (0, None, CONTINUE_AFTER.min(task.period));
    for _batch in 0..BATCHES_MAX {
        match batch(task, &context.lifecycle).await {
            Ok(rows) => {
                processed += rows;
                let more = rows >= usize::from(BATCH_MAX) && !context.lifecycle.stopping.is_cancelled();
                if !more || context.leadership.term(task.name).is_none() {
                    wait = task.period;
                    break;
                }
            }
            Err(failure) => {
                (error, wait) = (Some(format!("{failure:#}")), task.period);
                break;
            }
        }
    }
    let rows = u64::try_from(processed).unwrap_or(u64::MAX);
    let next_run_at = after(wait, platform::clock::now());
    (Run { started_at, took: began.elapsed(), rows, error, next_run_at }, wait)
}

/// A batch that is dropped because of a limit is rolled back.
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

/// Writes the run to the log and to the history; consecutive runs that found nothing to do only every
/// [`IDLE_REPORT_INTERVAL`].
async fn report(task: &Task, context: &DriverContext, run: &Run, idle_reported_at: &mut Option<Instant>) {
    let duration_ms = milliseconds(run.took);
    metrics::ran(task.name, run.result(), run.took);
    match (&run.error, run.rows) {
        (Some(error), rows) => {
            tracing::warn!(task = task.name, error, rows, duration_ms, "A task failed and will be retried");
        }
        (None, 0) if idle_reported_at.is_some_and(|at| at.elapsed() < IDLE_REPORT_INTERVAL) => return,
        (None, 0) => {}
        (None, rows) => tracing::info!(task = task.name, rows, duration_ms, "Ran a task"),
    }
    *idle_reported_at = Some(Instant::now());
    if let Err(error) = schedule::record(&context.pool, &context.scheduler, task.name, run).await {
        tracing::warn!(%error, task = task.name, "A run could not be recorded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(30);
    const HOUR: TimeDelta = TimeDelta::hours(1);

    fn term(number: u64, next_run_at: Timestamp) -> LeadershipTerm {
        LeadershipTerm { number, until: Instant::now() + PERIOD, next_run_at }
    }

    #[test]
    fn a_wall_clock_that_is_set_back_an_hour_within_a_term_delays_no_task() {
        let noon: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a time");
        let mut timer = DueTimer { term: 0, next_run: Instant::now(), idle_reported_at: None };
        assert_eq!(timer.until_due(term(1, noon), PERIOD, noon), Duration::ZERO);

        timer.reset(PERIOD);

        for now in [noon - HOUR, noon, noon + HOUR] {
            let wait = timer.until_due(term(1, noon), PERIOD, now);
            assert!(wait > Duration::ZERO && wait <= PERIOD, "{wait:?} at {now}");
        }
    }

    #[test]
    fn a_new_leader_continues_with_the_stored_next_run_but_waits_no_longer_than_a_period() {
        let noon: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a time");
        let mut timer = DueTimer { term: 0, next_run: Instant::now(), idle_reported_at: None };

        let stored = timer.until_due(term(1, noon + TimeDelta::seconds(10)), PERIOD, noon);
        assert!(stored > Duration::from_secs(9) && stored <= Duration::from_secs(10), "{stored:?}");
        let ahead = timer.until_due(term(2, noon + HOUR), PERIOD, noon);
        assert!(ahead <= PERIOD, "{ahead:?}");
    }
}
