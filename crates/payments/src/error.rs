//! Errors of a whole batch. The failure of a single payment is the verdict of its message.

use chrono::NaiveDate;
use messaging::HandleError;
use platform::consistency::Inconsistency;

#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

/// Why not every day is compared with the reports of the gateways.
#[derive(Debug, thiserror::Error)]
pub enum SettlementError {
    /// The other days and gateways are compared.
    #[error("the report of {gateway} about {day} can't be read: {why}")]
    NoReport { gateway: &'static str, day: NaiveDate, why: String },
    #[error(transparent)]
    Payments(#[from] PaymentsError),
}

impl From<sqlx::Error> for SettlementError {
    fn from(error: sqlx::Error) -> Self {
        Self::Payments(error.into())
    }
}

impl From<PaymentsError> for HandleError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Database(error) => error.into(),
            PaymentsError::Inconsistent(error) => Self::Failed(Box::new(error)),
        }
    }
}
