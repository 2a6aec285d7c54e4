//! Why a refund was not requested, resolved or retried. Nothing is stored for it.

use crate::error::PaymentsError;
use domain::payment::Refusal;
use domain::refund::{InvalidRefundTransition, RefundRefusal};

#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// The order has no such refund.
    #[error("no such refund")]
    NotFound,
    /// The request does not fit the order.
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
    /// The payment is being voided, which refunds it.
    #[error("the payment can't be refunded now: {0}")]
    Payment(Refusal),
    #[error(transparent)]
    Status(#[from] InvalidRefundTransition),
    #[error(transparent)]
    Payments(#[from] PaymentsError),
}

impl From<sqlx::Error> for RefundError {
    fn from(error: sqlx::Error) -> Self {
        Self::Payments(error.into())
    }
}

impl From<Refusal> for RefundError {
    fn from(refusal: Refusal) -> Self {
        Self::Payment(refusal)
    }
}
