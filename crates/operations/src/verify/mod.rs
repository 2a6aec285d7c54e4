//! Verify: every promise that the database can be asked about, asked on the running system.
//!
//! All checks read one snapshot, so that a counter and the ledger behind it are of the same moment. What may still be
//! under way is no offence: where two transactions write what must agree, only rows older than the grace count.

mod checks;
mod report;

pub use report::{Offender, Outcome, Report};

use crate::store;
use domain::Timestamp;
use sqlx::{PgConnection, PgPool};
use std::time::{Duration, Instant};

/// How patient and how talkative a verification is.
#[derive(Debug, Clone, Copy)]
pub struct VerifyLimits {
    /// What changed less long ago may still be under way.
    pub grace: Duration,
    /// How long a message may wait in the outbox.
    pub unsaid_max: Duration,
    /// How far past its deadline a saga may be before somebody looked at it.
    pub overdue_max: Duration,
    /// Rows that each check names at most.
    pub offenders_max: u16,
}

/// The limits of one verification, as points in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// What did not change since then must be settled.
    pub settled_by: Timestamp,
    pub said_by: Timestamp,
    pub due_by: Timestamp,
    pub offenders_max: i64,
}

/// Makes every check; an error means that the checks could not be made, not that one failed.
pub async fn verify(pool: &PgPool, now: Timestamp, limits: VerifyLimits) -> sqlx::Result<Report> {
    let mut snapshot = platform::postgres::begin(pool).await?;
    store::take_snapshot(&mut snapshot).await?;
    let report = verify_in(&mut snapshot, now, limits).await?;
    snapshot.rollback().await?;
    Ok(report)
}

/// The same as the caller's transaction sees it.
pub async fn verify_in(tx: &mut PgConnection, now: Timestamp, limits: VerifyLimits) -> sqlx::Result<Report> {
    let scope = Scope::new(now, limits);
    let mut outcomes = Vec::with_capacity(checks::ALL.len());
    for check in checks::ALL {
        let begun = Instant::now();
        let offenders = (check.offenders)(tx, &scope).await?;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        outcomes.push(Outcome { check: check.name, promise: check.promise, took_ms, offenders });
    }
    Ok(Report { checks: outcomes })
}

impl Scope {
    fn new(now: Timestamp, limits: VerifyLimits) -> Self {
        Self {
            settled_by: now - limits.grace,
            said_by: now - limits.unsaid_max,
            due_by: now - limits.overdue_max,
            offenders_max: limits.offenders_max.into(),
        }
    }
}

impl Default for VerifyLimits {
    fn default() -> Self {
        Self {
            grace: Duration::from_mins(1),
            unsaid_max: Duration::from_mins(2),
            overdue_max: Duration::from_mins(2),
            offenders_max: 10,
        }
    }
}
