use super::{FieldError, Kind, Problem};
use domain::order::placing::PlacingError;
use domain::product::{Line, Sku};
use orders::{CancelError, OperateError, PlaceOrderError, StoreError};
use std::time::Duration;

/// How long a twin in another process should let the first one finish.
const TWIN_WAIT: Duration = Duration::from_secs(1);

impl From<PlaceOrderError> for Problem {
    fn from(error: PlaceOrderError) -> Self {
        let said = error.to_string();
        match error {
            PlaceOrderError::Overloaded => Self::overloaded(said),
            PlaceOrderError::KeyReused => Self::about_parameter(Kind::IdempotencyKeyReused, "idempotency-key", said),
            PlaceOrderError::InProgress => Self::new(Kind::RequestInProgress, said).retry_after(TWIN_WAIT),
            PlaceOrderError::Unavailable => Self::unavailable(said),
            PlaceOrderError::Failed => Self::internal(said),
        }
    }
}

impl Problem {
    /// Names the lines that `error` is about.
    pub fn placing(error: &PlacingError, lines: &[Line]) -> Self {
        let said = error.to_string();
        match error {
            PlacingError::DuplicateSkus(skus) => Self::about_lines(Kind::DuplicateSku, said, skus, lines),
            PlacingError::UnknownSkus(skus) => Self::about_lines(Kind::UnknownSku, said, skus, lines),
            PlacingError::MixedCurrencies(_) => Self::about(Kind::CurrencyMismatch, "/items", said),
            PlacingError::OtherCurrency { .. } => Self::about(Kind::CurrencyMismatch, "/currency", said),
            PlacingError::NoLines | PlacingError::TooManyLines(_) | PlacingError::TotalTooLarge => {
                Self::about(Kind::Validation, "/items", said)
            }
            PlacingError::BadPaymentMethod => Self::about(Kind::Validation, "/payment_method", said),
            PlacingError::BadNote => Self::about(Kind::Validation, "/note", said),
        }
    }

    fn about_lines(kind: Kind, said: String, skus: &[Sku], lines: &[Line]) -> Self {
        let concerned = lines.iter().enumerate().filter(|(_, line)| skus.contains(&line.sku));
        let error = |(index, line): (usize, &Line)| {
            FieldError::in_body(&format!("/items/{index}/sku"), format!("{}: {}", line.sku, kind.title()))
        };
        Self { errors: concerned.map(error).collect(), ..Self::new(kind, said) }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        let said = error.to_string();
        match error {
            CancelError::NotFound => Self::not_found("order"),
            CancelError::Refused { .. } => Self::new(Kind::InvalidState, said),
            CancelError::Saga(_) => Self::internal(said),
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<OperateError> for Problem {
    fn from(error: OperateError) -> Self {
        match error {
            OperateError::NotFound => Self::not_found("order"),
            error @ (OperateError::MovedOn(_) | OperateError::Refused(_)) => {
                Self::new(Kind::InvalidState, error.to_string())
            }
            OperateError::Saga(error) => Self::internal(error),
            OperateError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            bad_row => Self::internal(bad_row),
        }
    }
}
