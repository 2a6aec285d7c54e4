//! Task `apply_retention`: removes ended orders, audit records and closed failed jobs that are older than the settings
//! allow. Without settings it removes nothing.
//!
//! An order is removed from its own schema first, then from each other schema, in one transaction per schema and batch.
//! A process that is killed in between leaves a list (`orders.removals`), which the next run completes. Every step may be
//! repeated, and run in two processes at once.

mod orders_batch;
mod settings;

pub use settings::RetentionArgs;

use crate::driver::BATCH_MAX;
use crate::metrics;
use domain::Timestamp;
use domain::ids::OrderId;
use operations::audit::prune_audit_log;
use operations::failed_jobs::prune_failed_jobs;
use sqlx::PgPool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const ROWS_MAX: u32 = BATCH_MAX as u32;
/// After a full batch, so that other work gets the database in between.
const PAUSE: Duration = Duration::from_millis(200);

/// The retention of one scheduler.
#[derive(Debug)]
pub struct Retention {
    settings: RetentionArgs,
    /// The last order that this run has considered: it skips those that it could not remove.
    considered: Mutex<Option<OrderId>>,
}

/// What one batch has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    pub orders: u64,
    /// Old orders with something open, which are kept.
    pub open_orders: u64,
    pub audit_records: u64,
    pub failed_jobs: u64,
}

impl Retention {
    pub fn new(settings: RetentionArgs) -> Self {
        Self { settings, considered: Mutex::default() }
    }

    /// Removes one batch of each kind, and pauses if there may be more. Returns the size of the largest part.
    pub async fn run(&self, pool: &PgPool, now: Timestamp) -> anyhow::Result<usize> {
        let removed = self.remove(pool, now).await?;
        removed.report();
        let rows = removed.largest();
        if rows >= usize::from(BATCH_MAX) {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(rows)
    }

    /// Each kind is tried, whatever fails for another. Returns the first error.
    async fn remove(&self, pool: &PgPool, now: Timestamp) -> anyhow::Result<Removed> {
        let RetentionArgs { retention_audit_days, retention_failed_jobs_days, .. } = self.settings;
        let orders = self.remove_orders(pool, now).await;
        let audit_records = match retention_audit_days.kept_since(now) {
            Some(before) => prune_audit_log(pool, before, ROWS_MAX).await,
            None => Ok(0),
        };
        let failed_jobs = match retention_failed_jobs_days.kept_since(now) {
            Some(before) => prune_failed_jobs(pool, before, ROWS_MAX).await,
            None => Ok(0),
        };
        Ok(Removed { audit_records: audit_records?, failed_jobs: failed_jobs?, ..orders? })
    }

    /// What a killed process has begun is completed whatever the settings are now. An order that can't be completed
    /// does not keep others from being removed.
    async fn remove_orders(&self, pool: &PgPool, now: Timestamp) -> anyhow::Result<Removed> {
        let completed = orders_batch::complete(pool, ROWS_MAX).await;
        let mut removed = Removed::default();
        if let Some(before) = self.settings.retention_orders_days.kept_since(now) {
            let batch = orders_batch::remove(pool, before, self.considered(), now, ROWS_MAX).await?;
            self.set_considered(batch.last);
            (removed.orders, removed.open_orders) = (batch.removed, batch.open);
        }
        removed.orders += completed?;
        Ok(removed)
    }

    fn considered(&self) -> Option<OrderId> {
        *self.considered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_considered(&self, last: Option<OrderId>) {
        *self.considered.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

impl Removed {
    fn largest(self) -> usize {
        let Self { orders, open_orders, audit_records, failed_jobs } = self;
        usize::try_from((orders + open_orders).max(audit_records).max(failed_jobs)).unwrap_or(usize::MAX)
    }

    fn report(self) {
        let Self { orders, open_orders, audit_records, failed_jobs } = self;
        metrics::removed("orders", orders);
        metrics::removed("audit_records", audit_records);
        metrics::removed("failed_jobs", failed_jobs);
        if self != Self::default() {
            tracing::info!(orders, open_orders, audit_records, failed_jobs, "Removed old rows");
        }
    }
}

#[cfg(test)]
mod tests;
