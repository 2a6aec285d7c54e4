//! What can go wrong with a whole batch. What goes wrong with one payment is its verdict.

use domain::ids::OrderId;
use messaging::HandleError;

#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A stored row that we can't have written.
    #[error("payments.{table}: the {column} of order {order_id} makes no sense")]
    Inconsistent { table: &'static str, column: &'static str, order_id: OrderId },
    /// A guarded update missed its row although we hold its lock.
    #[error("payments.{table}: {missed} rows changed under their lock")]
    Overtaken { table: &'static str, missed: u64 },
}

impl From<PaymentsError> for HandleError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Database(error) => error.into(),
            error @ (PaymentsError::Inconsistent { .. } | PaymentsError::Overtaken { .. }) => {
                Self::Failed(Box::new(error))
            }
        }
    }
}
