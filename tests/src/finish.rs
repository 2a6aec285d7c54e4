//! The end of every test: waits for all orders and messages, and verifies every invariant of the system.

use crate::eventually;
use crate::system::TestSystem;
use operations::verify::{VerifyLimits, verify};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(90);
const QUIET_LIMIT: Duration = Duration::from_secs(30);
/// Younger rows may still change while they are verified.
const GRACE: Duration = Duration::from_secs(2);

impl TestSystem {
    /// Waits until every order has ended and every queue is empty, verifies, stops the processes, and removes the vhost
    /// and the database.
    pub async fn finish(mut self) {
        self.until_every_order_ended(END_LIMIT).await;
        self.until_all_messages_processed().await;
        self.until_verified().await;
        for process in &mut self.processes {
            let (name, stopped) = (process.role.binary(), process.stop().await);
            assert!(stopped, "{name} did not stop gracefully on SIGTERM\n{}", process.log_tail());
        }
        self.broker.remove().await;
        self.database.remove().await;
        self.finished = true;
    }

    /// Waits until no order is pending or cancelling.
    pub async fn until_every_order_ended(&self, limit: Duration) {
        eventually("every order to end", limit, || async {
            let open = "SELECT count(*) FROM orders.orders WHERE status IN ('pending', 'cancelling')";
            let open: i64 = sqlx::query_scalar(open).fetch_one(self.pool()).await.map_err(|error| error.to_string())?;
            if open == 0 { Ok(()) } else { Err(format!("{open} orders have not ended")) }
        })
        .await;
    }

    /// Waits until no saga is active: every order is delivered, rejected or cancelled.
    pub async fn until_every_saga_ended(&self, limit: Duration) {
        eventually("every saga to end", limit, || async {
            let open = "SELECT count(*) FROM orders.sagas WHERE active";
            let open: i64 = sqlx::query_scalar(open).fetch_one(self.pool()).await.map_err(|error| error.to_string())?;
            if open == 0 { Ok(()) } else { Err(format!("{open} sagas are active")) }
        })
        .await;
    }

    /// Waits until the outbox and all queues are empty, and the failed jobs are the expected ones.
    pub async fn until_all_messages_processed(&self) {
        self.until_outbox_is_empty().await;
        self.until_every_queue_is_empty().await;
        self.until_expected_failed_jobs().await;
    }

    /// Waits until every message is published.
    pub async fn until_outbox_is_empty(&self) {
        eventually("the outbox to be drained", QUIET_LIMIT, || async {
            let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM messaging.outbox")
                .fetch_one(self.pool())
                .await
                .map_err(|error| error.to_string())?;
            if rows == 0 { Ok(()) } else { Err(format!("{rows} rows")) }
        })
        .await;
    }

    /// Work queues, retry queues and dead queues: dead letters must have been stored as failed jobs.
    async fn until_every_queue_is_empty(&self) {
        eventually("queues to be empty", QUIET_LIMIT, || async {
            let depths = self.broker.depths().await?;
            if depths.values().all(|depth| *depth == 0) { Ok(()) } else { Err(format!("{depths:?}")) }
        })
        .await;
    }

    async fn until_expected_failed_jobs(&self) {
        self.until_failed_jobs(self.failed_jobs_expected, QUIET_LIMIT).await;
    }

    /// Waits until exactly `expected` failed jobs are open.
    pub async fn until_failed_jobs(&self, expected: u64, limit: Duration) {
        eventually(&format!("{expected} failed jobs"), limit, || async {
            let open = "SELECT count(*) FROM operations.failed_jobs WHERE status = 'open'";
            let open: i64 = sqlx::query_scalar(open).fetch_one(self.pool()).await.map_err(|error| error.to_string())?;
            if u64::try_from(open) == Ok(expected) { Ok(()) } else { Err(format!("{open} are open")) }
        })
        .await;
    }

    async fn until_verified(&self) {
        let limits = VerifyLimits { grace: GRACE, unrecorded_max: GRACE, ..VerifyLimits::default() };
        eventually("verification to find nothing", QUIET_LIMIT, || async {
            let report = verify(self.pool(), platform::clock::now(), limits).await;
            let report = report.map_err(|error| error.to_string())?;
            if report.is_clean() { Ok(()) } else { Err(report.to_string()) }
        })
        .await;
    }
}
