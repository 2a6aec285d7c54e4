//! Leader election: each task has one leader among any number of schedulers.
//!
//! A lease ends by the database's clock. This process measures it from before the renewal was sent, with a monotonic
//! clock that continues while the process is frozen. So it considers the lease expired before another scheduler can
//! acquire it.

use domain::Timestamp;
use operations::schedule::{self, Lease, SchedulerId};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Renewals per lease: with three, a single failed renewal does not lose the lease.
const RENEWALS_PER_LEASE: u32 = 3;

/// A period in which this scheduler is the leader of a task without interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadershipTerm {
    /// Increases when leadership is lost and acquired again.
    pub number: u64,
    pub until: Instant,
    pub next_run_at: Timestamp,
}

/// The tasks that this scheduler leads, kept up to date by [`LeaseKeeper`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Leadership(watch::Receiver<HashMap<String, LeadershipTerm>>);

/// Acquires and renews the leases of tasks until the process stops, and releases them then.
pub struct LeaseKeeper {
    pool: PgPool,
    scheduler: SchedulerId,
    tasks: Vec<(&'static str, Duration)>,
    lease: Duration,
    terms: watch::Sender<HashMap<String, LeadershipTerm>>,
    enrolled: bool,
    /// The number of terms so far.
    terms_begun: u64,
}

/// Creates the lease keeper for `tasks`, each with its period, and the handle on its result.
pub fn keep_leases(
    pool: PgPool,
    scheduler: SchedulerId,
    tasks: Vec<(&'static str, Duration)>,
    lease: Duration,
) -> (LeaseKeeper, Leadership) {
    let (terms, receiver) = watch::channel(HashMap::new());
    (LeaseKeeper { pool, scheduler, tasks, lease, terms, enrolled: false, terms_begun: 0 }, Leadership(receiver))
}

impl LeaseKeeper {
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let interval = self.lease / RENEWALS_PER_LEASE;
        while !lifecycle.stopping.is_cancelled() {
            let began = Instant::now();
            match tokio::time::timeout(interval, self.renew()).await {
                Ok(Ok(leases)) => self.update(leases, began),
                Ok(Err(error)) => tracing::warn!(%error, "Leases could not be renewed"),
                Err(_late) => tracing::warn!("Leases were not renewed in time"),
            }
            lifecycle.sleep_or_stop(interval.saturating_sub(began.elapsed()), std::future::pending()).await;
        }
        self.terms.send_replace(HashMap::new());
        let releasing = schedule::release_leases(&self.pool, &self.scheduler);
        if !matches!(tokio::time::timeout(interval, releasing).await, Ok(Ok(()))) {
            tracing::warn!("Leases could not be released; they will expire");
        }
    }

    async fn renew(&mut self) -> sqlx::Result<Vec<Lease>> {
        if !self.enrolled {
            schedule::enroll(&self.pool, &self.tasks).await?;
            self.enrolled = true;
        }
        let names: Vec<_> = self.tasks.iter().map(|(name, _period)| *name).collect();
        let leases = schedule::renew_leases(&self.pool, &self.scheduler, &names, self.lease).await?;
        // No lease: other schedulers lead all tasks, or the table was truncated and the tasks must be enrolled again.
        self.enrolled = !leases.is_empty();
        Ok(leases)
    }

    fn update(&mut self, leases: Vec<Lease>, began: Instant) {
        let until = began + self.lease;
        self.terms.send_modify(|terms| {
            // A task that is missing in `leases` may still be led by this scheduler: its row was locked by another
            // transaction, perhaps one of this process, and was skipped.
            terms.retain(|_task, term| term.until > Instant::now());
            for Lease { task, next_run_at } in leases {
                let kept = terms.get(&task);
                let number = kept.map_or_else(|| begin(&task, &mut self.terms_begun), |term| term.number);
                terms.insert(task, LeadershipTerm { number, until, next_run_at });
            }
        });
    }
}

fn begin(task: &str, terms_begun: &mut u64) -> u64 {
    tracing::info!(task, "Leading task {task}");
    *terms_begun += 1;
    *terms_begun
}

impl Leadership {
    /// The current term of this scheduler as the leader of `task`.
    pub fn term(&self, task: &str) -> Option<LeadershipTerm> {
        self.0.borrow().get(task).copied().filter(|term| term.until > Instant::now())
    }

    /// Waits until the leadership of any task may have changed.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_mins(1);

    fn led(tasks: &[&str]) -> Vec<Lease> {
        let led = |task: &&str| Lease { task: (*task).to_owned(), next_run_at: Timestamp::default() };
        tasks.iter().map(led).collect()
    }

    #[tokio::test]
    async fn a_task_with_a_locked_row_is_led_until_its_lease_ends() {
        let pool = PgPool::connect_lazy("postgres://nowhere/nothing").expect("a URL");
        let scheduler = SchedulerId { id: uuid::Uuid::nil(), name: "test".to_owned() };
        let (mut keeper, leadership) = keep_leases(pool, scheduler, Vec::new(), LEASE);
        let long_ago = Instant::now().checked_sub(2 * LEASE).expect("the machine runs for a while");

        keeper.update(led(&["count", "sweep"]), Instant::now());
        let first = leadership.term("sweep").expect("led");
        keeper.update(led(&["count"]), Instant::now());
        assert_eq!(leadership.term("sweep"), Some(first), "the lease has not ended");

        keeper.update(led(&["sweep"]), long_ago);
        assert_eq!(leadership.term("sweep"), None, "the lease has ended");
        keeper.update(led(&["sweep"]), Instant::now());
        assert!(leadership.term("sweep").is_some_and(|term| term.number > first.number), "a new term");
    }
}
