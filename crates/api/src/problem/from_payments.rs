//! Maps the errors of payments to problems.

use super::Problem;
use payments::PaymentsError;

impl From<PaymentsError> for Problem {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Database(error) => error.into(),
            PaymentsError::Inconsistent(error) => Self::internal(error),
        }
    }
}
