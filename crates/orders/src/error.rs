//! The errors of this slice.

use domain::ids::OrderId;
use domain::order::OrderNumber;
use domain::saga::SagaError;
use messaging::HandleError;
use platform::consistency::Inconsistency;

/// Why an order was not placed. Nothing is stored for it, with one exception: after [`PlaceOrderError::Unavailable`]
/// the commit may have succeeded although its response was lost. Retrying with the same key is safe and shows which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderError {
    #[error("too many orders are waiting to be stored; retry with the same `Idempotency-Key`")]
    Overloaded,
    #[error("this `Idempotency-Key` was used for another request; send a new key for a new request")]
    KeyReused,
    /// The order that has it was placed by the same customer, under another key.
    #[error("used by order {order_number} (`{order_id}`); send each reference once")]
    ExternalRefTaken { order_id: OrderId, order_number: OrderNumber },
    #[error("a request with this `Idempotency-Key` is in progress; retry in a moment")]
    InProgress,
    #[error(
        "you have {0} open unpaid orders, which is the limit; wait until they are paid or rejected, or cancel some"
    )]
    TooManyUnpaidOrders(u64),
    #[error(
        "your open unpaid orders would have more than {0} units, which is the limit; wait until they are paid or \
         rejected, or cancel some"
    )]
    TooManyUnpaidUnits(u64),
    #[error("orders can't be stored while the database is unreachable")]
    Unavailable,
    #[error("this order could not be stored")]
    Failed,
}

/// Why orders could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
}

impl From<StoreError> for HandleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::Inconsistent(error) => Self::Failed(Box::new(error)),
        }
    }
}

/// Why a scheduled task can't advance the saga of an order. It concerns that order only.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdvanceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Saga(#[from] SagaError),
}
