//! All SQL of operations: that of its own tables, and a query a check, grouped by what they watch; each names at most
//! `offenders_max` rows.

pub mod answers;
pub mod audit;
pub mod failed_jobs;
pub mod flow;
pub mod measure;
pub mod money;
pub mod orphans;
pub mod processes;
pub mod replays;
pub mod schedule;
pub mod shipments;
pub mod stock;
pub mod timelines;

use sqlx::PgConnection;

/// Something of ours that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BadRow {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("operations.{0} holds what no rule of ours wrote")]
    Inconsistent(&'static str),
}

/// Turns the transaction into a view of one moment. Checks of a large database may take longer than a request may, and
/// read whole tables.
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
