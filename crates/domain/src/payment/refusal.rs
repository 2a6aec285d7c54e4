//! Why a request on a payment, or a report about one, can't be true.

use crate::money::MoneyError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the order has no payment")]
    NoPayment,
    #[error("nothing is authorized")]
    NotAuthorized,
    #[error("the payment is voided, or about to be")]
    Voided,
    #[error("the same was asked for before with another amount")]
    OtherAmount,
    #[error("the payment is in another currency")]
    OtherCurrency,
    #[error("{asked} asked for, only {left} left")]
    TooMuch { asked: i64, left: i64 },
    #[error("the gateway declined: {0}")]
    DeclinedByGateway(String),
    #[error(transparent)]
    BadAmount(#[from] MoneyError),
    #[error("the gateway reports on something that it was never asked for")]
    NeverAsked,
    #[error("the gateway's sums can't be ours")]
    BooksDiffer,
}
