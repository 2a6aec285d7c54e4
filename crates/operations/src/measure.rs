//! Measures what waits: the outbox, and the sagas at work.

use crate::store::measure;
use sqlx::PgPool;

/// Rows that are counted at most; how far it goes beyond shows in the ages. So many sagas of 120,000 at work are counted
/// in 26 to 58 ms, so many messages in 8 ms; without a limit it is half a second, and grows with the load.
pub const MEASURED_MAX: i64 = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    pub outbox: OutboxDepth,
    /// Phases that no saga is in are not among them.
    pub sagas: Vec<SagaPhase>,
    /// By how much the most neglected saga is past its deadline.
    pub overdue_seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutboxDepth {
    pub messages: i64,
    /// How long the oldest has waited; 0 when there is none.
    pub oldest_seconds: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SagaPhase {
    pub phase: String,
    pub open: i64,
    /// How long ago the oldest of their orders was accepted.
    pub oldest_seconds: f64,
}

/// Reads on one connection, and locks nothing.
pub async fn measure(pool: &PgPool) -> sqlx::Result<Waiting> {
    let mut connection = pool.acquire().await?;
    Ok(Waiting {
        outbox: measure::outbox(&mut connection, MEASURED_MAX).await?,
        sagas: measure::sagas(&mut connection, MEASURED_MAX).await?,
        overdue_seconds: measure::overdue_seconds(&mut connection).await?,
    })
}
