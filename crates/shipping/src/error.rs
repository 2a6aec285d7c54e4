//! Errors of the slice. A refused command is not an error but a reply.

use messaging::HandleError;
use platform::consistency::Inconsistency;

#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

impl From<ShippingError> for HandleError {
    fn from(error: ShippingError) -> Self {
        match error {
            ShippingError::Database(error) => error.into(),
            ShippingError::Inconsistent(error) => Self::Failed(Box::new(error)),
        }
    }
}
