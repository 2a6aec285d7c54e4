//! Errors of a whole batch. The failure of a single payment is the verdict of its message.

use messaging::HandleError;
use platform::consistency::Inconsistency;

#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

impl From<PaymentsError> for HandleError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Database(error) => error.into(),
            PaymentsError::Inconsistent(error) => Self::Failed(Box::new(error)),
        }
    }
}
