//! What can go wrong with the books themselves; a business no is not among it.

use domain::inventory::StockRefusal;
use messaging::HandleError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{table}.{column} of {id} holds what no rule of ours wrote")]
    Inconsistent { table: &'static str, column: &'static str, id: String },
    /// What an order holds and what its stock row says don't go together: somebody changed one of them by hand.
    #[error("the stock of {sku} contradicts its reservations: {refusal}")]
    Contradiction { sku: String, refusal: StockRefusal },
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            bad_row => Self::Failed(Box::new(bad_row)),
        }
    }
}
