//! Errors of a whole batch. The failure of a single payment is the verdict of its message.

use domain::ids::OrderId;
use messaging::HandleError;

#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A stored row that this slice can't have written.
    #[error("payments.{table}: the {column} of order {order_id} is inconsistent")]
    Inconsistent { table: &'static str, column: &'static str, order_id: OrderId },
    /// An update guarded by the version missed its row although the row is locked by this transaction.
    #[error("payments.{table}: {missed} rows changed under their lock")]
    LostUpdate { table: &'static str, missed: u64 },
}

impl From<PaymentsError> for HandleError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Database(error) => error.into(),
            error @ (PaymentsError::Inconsistent { .. } | PaymentsError::LostUpdate { .. }) => {
                Self::Failed(Box::new(error))
            }
        }
    }
}
