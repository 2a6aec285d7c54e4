//! What can go wrong with orders.

use messaging::HandleError;
use uuid::Uuid;

/// Why an order was not placed. Nothing is stored for it, unless [`PlaceOrderError::Unavailable`] hides a commit whose
/// answer was lost: asking again with the same key tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderError {
    #[error("too many orders are waiting to be stored; retry with the same `Idempotency-Key`")]
    Overloaded,
    #[error("this `Idempotency-Key` was used for another request; send a new key for a new request")]
    KeyReused,
    #[error("a request with this `Idempotency-Key` is in progress; retry in a moment")]
    InProgress,
    #[error("orders can't be stored while the database is unreachable")]
    Unavailable,
    #[error("this order could not be stored")]
    Failed,
}

/// Why something could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row that we can't have written: a defect, or somebody's hand.
    #[error("orders.{table}.{column} of order {id} can't be read: {problem}")]
    Inconsistent { table: &'static str, column: &'static str, id: Uuid, problem: String },
    /// Somebody changed rows that this transaction had locked.
    #[error("{saved} of {expected} rows of orders.{table} were saved")]
    NotSaved { table: &'static str, saved: u64, expected: usize },
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            other => Self::Failed(Box::new(other)),
        }
    }
}
