//! How every test ends: all promises of the house are held against what the test left behind.

use crate::eventually;
use crate::system::TestSystem;
use operations::verify::{VerifyLimits, verify};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(90);
const QUIET_LIMIT: Duration = Duration::from_secs(30);
/// What is younger may still be under way when the books are read.
const GRACE: Duration = Duration::from_secs(2);

impl TestSystem {
    /// Waits until every order has ended and every queue is empty, verifies, stops everything and removes it.
    pub async fn finish(mut self) {
        self.until_every_order_ended(END_LIMIT).await;
        self.until_quiet().await;
        self.until_the_books_are_right().await;
        for process in &mut self.processes {
            let (name, orderly) = (process.role.binary(), process.stop().await);
            assert!(orderly, "{name} did not stop in good order when asked to\n{}", process.log_end());
        }
        self.broker.remove().await;
        self.database.remove().await;
        self.finished = true;
    }

    /// Confirmed, shipped, delivered, rejected or cancelled: none is pending or cancelling.
    pub async fn until_every_order_ended(&self, limit: Duration) {
        eventually("every order to end", limit, || async {
            let open = "SELECT count(*) FROM orders.orders WHERE status IN ('pending', 'cancelling')";
            let open: i64 = sqlx::query_scalar(open).fetch_one(self.pool()).await.map_err(|error| error.to_string())?;
            if open == 0 { Ok(()) } else { Err(format!("{open} orders are under way")) }
        })
        .await;
    }

    /// Waits until no saga has anything left to do: every order is delivered, rejected or cancelled.
    pub async fn until_all_is_done(&self, limit: Duration) {
        eventually("every saga to be done", limit, || async {
            let open = "SELECT count(*) FROM orders.sagas WHERE active";
            let open: i64 = sqlx::query_scalar(open).fetch_one(self.pool()).await.map_err(|error| error.to_string())?;
            if open == 0 { Ok(()) } else { Err(format!("{open} sagas are at work")) }
        })
        .await;
    }

    /// Waits until nobody has anything to say or to hear.
    pub async fn until_quiet(&self) {
        self.until_nothing_is_unsaid().await;
        self.until_every_queue_is_empty().await;
        self.until_failed_jobs_are_those_declared().await;
    }

    async fn until_nothing_is_unsaid(&self) {
        eventually("the outbox to be drained", QUIET_LIMIT, || async {
            let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM messaging.outbox")
                .fetch_one(self.pool())
                .await
                .map_err(|error| error.to_string())?;
            if rows == 0 { Ok(()) } else { Err(format!("{rows} rows")) }
        })
        .await;
    }

    /// Nothing waits, nothing is being retried, and nothing is dead but what has become a failed job.
    async fn until_every_queue_is_empty(&self) {
        eventually("queues to be empty", QUIET_LIMIT, || async {
            let depths = self.broker.depths().await?;
            if depths.values().all(|depth| *depth == 0) { Ok(()) } else { Err(format!("{depths:?}")) }
        })
        .await;
    }

    async fn until_failed_jobs_are_those_declared(&self) {
        self.until_failed_jobs(self.failed_jobs_expected, QUIET_LIMIT).await;
    }

    /// Waits until so many failed jobs are open, no more and no fewer.
    pub async fn until_failed_jobs(&self, expected: u64, limit: Duration) {
        eventually(&format!("{expected} failed jobs"), limit, || async {
            let open = "SELECT count(*) FROM operations.failed_jobs WHERE status = 'open'";
            let open: i64 = sqlx::query_scalar(open).fetch_one(self.pool()).await.map_err(|error| error.to_string())?;
            if u64::try_from(open) == Ok(expected) { Ok(()) } else { Err(format!("{open} are open")) }
        })
        .await;
    }

    async fn until_the_books_are_right(&self) {
        let limits = VerifyLimits { grace: GRACE, ..VerifyLimits::default() };
        eventually("the books to be right", QUIET_LIMIT, || async {
            let report = verify(self.pool(), platform::clock::now(), limits).await;
            let report = report.map_err(|error| error.to_string())?;
            if report.is_clean() { Ok(()) } else { Err(report.to_string()) }
        })
        .await;
    }
}
