//! All SQL of operations: the queries on its own tables, and one query per check of [`crate::verify`], grouped by
//! subject. A check returns at most `offenders_max` rows. In the names of checks, a closed order is a rejected or
//! cancelled one.

pub mod audit;
pub mod backorders;
pub mod failed_jobs;
pub mod flow;
pub mod idempotent_responses;
pub mod ledger_entries;
pub mod measure;
pub mod money;
pub mod orphans;
pub mod personal_records;
pub mod processes;
pub mod prune;
pub mod refunds;
pub mod replays;
pub mod returns;
pub mod schedule;
pub mod shipments;
pub mod simulated_gateway;
pub mod stock;
pub mod timelines;

use platform::consistency::Inconsistency;
use sqlx::PgConnection;

/// Why rows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

pub const FAILED_JOBS: &str = "operations.failed_jobs";
const REPLAYS: &str = "operations.replays";

/// Makes the transaction a read-only snapshot. Checks of a large database may take longer than the usual statement
/// timeout, and read whole tables.
pub async fn take_snapshot(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
    sqlx::query!("SET LOCAL statement_timeout = '10min'").execute(&mut *tx).await?;
    sqlx::query!("SET LOCAL enable_seqscan = on").execute(tx).await?;
    Ok(())
}

pub async fn analyze(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("ANALYZE").execute(connection).await?;
    Ok(())
}
