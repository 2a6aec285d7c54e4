//! Errors of the slice. A refused command is not an error but a reply.

use messaging::HandleError;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A stored row that this slice can't have written.
    #[error("shipping.{table}: the {column} of {id} is inconsistent")]
    Inconsistent { table: &'static str, column: &'static str, id: Uuid },
    /// A guarded update found a row in another state than the one that was read under its lock.
    #[error("shipping.{table}: {changed} of {expected} rows were updated")]
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
