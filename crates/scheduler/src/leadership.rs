//! Which tasks this scheduler leads: one leader a task, among any number of schedulers.
//!
//! The lease ends by the database's clock. This process counts it from before it asked, by a clock that goes on while it
//! is frozen, so it stops believing before anybody else may begin.

use domain::Timestamp;
use operations::schedule::{self, Led, Runner};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A lease is renewed so often within its time: one lost renewal costs nothing.
const RENEWALS_A_LEASE: u32 = 3;

/// A task that is ours to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Rises when leadership is lost and won again.
    pub number: u64,
    pub until: Instant,
    pub next_run_at: Timestamp,
}

/// What this scheduler leads, kept up to date by [`campaign`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Leadership(watch::Receiver<HashMap<String, Term>>);

/// Leads what it can of `tasks` until the process stops, and gives it back then.
pub struct Campaign {
    pool: PgPool,
    runner: Runner,
    tasks: Vec<(&'static str, Duration)>,
    lease: Duration,
    terms: watch::Sender<HashMap<String, Term>>,
    enrolled: bool,
    /// Terms that were ever begun.
    begun: u64,
}

/// For `tasks`, each with its period.
pub fn campaign(
    pool: PgPool,
    runner: Runner,
    tasks: Vec<(&'static str, Duration)>,
    lease: Duration,
) -> (Campaign, Leadership) {
    let (terms, led) = watch::channel(HashMap::new());
    (Campaign { pool, runner, tasks, lease, terms, enrolled: false, begun: 0 }, Leadership(led))
}

impl Campaign {
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let every = self.lease / RENEWALS_A_LEASE;
        while !lifecycle.stopping.is_cancelled() {
            let asked = Instant::now();
            match tokio::time::timeout(every, self.lead()).await {
                Ok(Ok(led)) => self.take(led, asked),
                Ok(Err(error)) => tracing::warn!(%error, "Leases could not be renewed"),
                Err(_late) => tracing::warn!("Leases were not renewed in time"),
            }
            lifecycle.pause(every.saturating_sub(asked.elapsed()), std::future::pending()).await;
        }
        self.terms.send_replace(HashMap::new());
        let giving_back = schedule::let_go(&self.pool, &self.runner);
        if !matches!(tokio::time::timeout(every, giving_back).await, Ok(Ok(()))) {
            tracing::warn!("Leases were not given back; they end by themselves");
        }
    }

    async fn lead(&mut self) -> sqlx::Result<Vec<Led>> {
        if !self.enrolled {
            schedule::enroll(&self.pool, &self.tasks).await?;
            self.enrolled = true;
        }
        let names: Vec<_> = self.tasks.iter().map(|(name, _period)| *name).collect();
        let led = schedule::lead(&self.pool, &self.runner, &names, self.lease).await?;
        // Somebody else leads, or the table was emptied.
        self.enrolled = !led.is_empty();
        Ok(led)
    }

    fn take(&mut self, led: Vec<Led>, asked: Instant) {
        let until = asked + self.lease;
        self.terms.send_modify(|terms| {
            // What was not answered may still be ours: somebody, perhaps ourselves, was writing to its row just then.
            terms.retain(|_task, term| term.until > Instant::now());
            for Led { task, next_run_at } in led {
                let kept = terms.get(&task);
                let number = kept.map_or_else(|| begin(&task, &mut self.begun), |term| term.number);
                terms.insert(task, Term { number, until, next_run_at });
            }
        });
    }
}

fn begin(task: &str, begun: &mut u64) -> u64 {
    tracing::info!(task, "Leading task {task}");
    *begun += 1;
    *begun
}

impl Leadership {
    /// The term in which this scheduler leads `task` right now.
    pub fn term(&self, task: &str) -> Option<Term> {
        self.0.borrow().get(task).copied().filter(|term| term.until > Instant::now())
    }

    /// Waits until something may have changed.
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

    fn led(tasks: &[&str]) -> Vec<Led> {
        let led = |task: &&str| Led { task: (*task).to_owned(), next_run_at: Timestamp::default() };
        tasks.iter().map(led).collect()
    }

    #[tokio::test]
    async fn a_task_whose_row_was_busy_is_led_until_its_lease_ends() {
        let pool = PgPool::connect_lazy("postgres://nowhere/nothing").expect("a URL");
        let runner = Runner { id: uuid::Uuid::nil(), name: "test".to_owned() };
        let (mut campaign, leadership) = campaign(pool, runner, Vec::new(), LEASE);
        let long_ago = Instant::now().checked_sub(2 * LEASE).expect("the machine runs for a while");

        campaign.take(led(&["count", "sweep"]), Instant::now());
        let first = leadership.term("sweep").expect("led");
        campaign.take(led(&["count"]), Instant::now());
        assert_eq!(leadership.term("sweep"), Some(first), "its lease has not ended");

        campaign.take(led(&["sweep"]), long_ago);
        assert_eq!(leadership.term("sweep"), None, "by then it has");
        campaign.take(led(&["sweep"]), Instant::now());
        assert!(leadership.term("sweep").is_some_and(|term| term.number > first.number), "a new term");
    }
}
