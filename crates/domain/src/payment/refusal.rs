//! Why a request or a report does not fit the payment.

use crate::money::MoneyError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the order has no payment")]
    NoPayment,
    #[error("the payment is not authorized")]
    NotAuthorized,
    #[error("the authorization is voided or being voided")]
    Voided,
    #[error("an operation of this kind exists with another amount")]
    OtherAmount,
    #[error("the payment is in another currency")]
    OtherCurrency,
    #[error("{requested} was requested, {left} is left")]
    TooMuch { requested: i64, left: i64 },
    #[error("an earlier attempt of this capture was not declined")]
    EarlierAttempt,
    #[error("the capture is not declined")]
    NotDeclined,
    #[error(transparent)]
    BadAmount(#[from] MoneyError),
    #[error("the gateway reports an operation that was never sent to it")]
    NeverRequested,
    #[error("the gateway's amounts differ from ours")]
    LedgerMismatch,
}
