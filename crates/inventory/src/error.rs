//! Errors of the store. A rejected command is not an error but a reply.

use domain::inventory::StockRefusal;
use messaging::HandleError;
use platform::consistency::Inconsistency;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database error: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
    /// The reserved lines of an order contradict the counters of their stock row: one of them was changed by hand.
    #[error("the stock of {sku} contradicts its reservations: {refusal}")]
    Contradiction { sku: String, refusal: StockRefusal },
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            inconsistent => Self::Failed(Box::new(inconsistent)),
        }
    }
}
