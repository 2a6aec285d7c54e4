use messaging::HandleError;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row that our own rules could not have written.
    #[error("shipping.{table}: the row of {id} has a bad {column}")]
    Inconsistent { table: &'static str, column: &'static str, id: Uuid },
    /// A guarded update met a row in another state than the one that was read under its lock.
    #[error("shipping.{table}: {expected} rows were to change, {changed} did")]
    LostUpdate { table: &'static str, expected: usize, changed: u64 },
}

impl From<ShippingError> for HandleError {
    fn from(error: ShippingError) -> Self {
        match error {
            ShippingError::Database(error) => error.into(),
            error => Self::Failed(Box::new(error)),
        }
    }
}
