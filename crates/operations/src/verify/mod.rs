//! Verify: checks the invariants of a running system in its database.
//!
//! All checks read one snapshot, so that a counter and its ledger are read at the same point in time. Work in progress
//! is not an offence: where two transactions write rows that must agree, only rows older than the grace period are
//! checked.

mod checks;
mod report;

pub use crate::model::offender::Offender;
pub use report::{Outcome, Report};

use crate::model::offender::Scope;
use crate::store;
use domain::Timestamp;
use sqlx::{PgConnection, PgPool};
use std::time::{Duration, Instant};

/// The limits of a verification.
#[derive(Debug, Clone, Copy)]
pub struct VerifyLimits {
    /// Rows that changed more recently may still be in progress and are not checked.
    pub grace: Duration,
    /// How long a message may wait in the outbox.
    pub unpublished_max: Duration,
    /// How far a saga may be past its deadline.
    pub overdue_max: Duration,
    /// How long the removal of an old order may take. A scheduler that was killed continues when its task is due again.
    pub removal_max: Duration,
    /// How long the outcome of a refund may take to its order. One that was lost with the broker's data is published
    /// again after `PAYMENT_RECONCILE_SECONDS`.
    pub unrecorded_max: Duration,
    /// Maximum number of offending rows per check.
    pub offenders_max: u16,
}

/// Runs all checks. An error means that they could not be run, not that a check failed.
pub async fn verify(pool: &PgPool, now: Timestamp, limits: VerifyLimits) -> sqlx::Result<Report> {
    let mut snapshot = platform::postgres::begin(pool).await?;
    store::take_snapshot(&mut snapshot).await?;
    let report = verify_in(&mut snapshot, now, limits).await?;
    snapshot.rollback().await?;
    Ok(report)
}

/// Like [`verify()`], in the caller's transaction.
pub async fn verify_in(tx: &mut PgConnection, now: Timestamp, limits: VerifyLimits) -> sqlx::Result<Report> {
    let scope = Scope::new(now, limits);
    let mut outcomes = Vec::with_capacity(checks::ALL.len());
    for check in checks::ALL {
        let started = Instant::now();
        let offenders = (check.offenders)(tx, &scope).await?;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        outcomes.push(Outcome { check: check.name, promise: check.promise, took_ms, offenders });
    }
    Ok(Report { checks: outcomes })
}

impl Scope {
    fn new(now: Timestamp, limits: VerifyLimits) -> Self {
        Self {
            consistent_by: now - limits.grace,
            published_by: now - limits.unpublished_max,
            due_by: now - limits.overdue_max,
            removed_by: now - limits.removal_max,
            recorded_by: now - limits.unrecorded_max,
            offenders_max: limits.offenders_max.into(),
        }
    }
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self {
            grace: Duration::from_mins(1),
            unpublished_max: Duration::from_mins(2),
            overdue_max: Duration::from_mins(2),
            removal_max: Duration::from_hours(1),
            unrecorded_max: Duration::from_hours(1),
            offenders_max: 10,
        }
    }
}
