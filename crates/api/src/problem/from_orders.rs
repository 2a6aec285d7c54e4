use super::text::{tick, wrong};
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
        let about = |kind, name: &str| Self::about(kind, &format!("/{name}"), wrong(name, error));
        match error {
            PlacingError::DuplicateSkus(skus) => Self::about_lines(Kind::DuplicateSku, error, skus, lines),
            PlacingError::UnknownSkus(skus) => Self::about_lines(Kind::UnknownSku, error, skus, lines),
            PlacingError::MixedCurrencies(_) => about(Kind::CurrencyMismatch, "items"),
            PlacingError::OtherCurrency { .. } => about(Kind::CurrencyMismatch, "currency"),
            PlacingError::NoLines | PlacingError::TooManyLines(_) | PlacingError::TotalTooLarge => {
                about(Kind::Validation, "items")
            }
            PlacingError::BadPaymentMethod => about(Kind::Validation, "payment_method"),
            PlacingError::BadNote => about(Kind::Validation, "note"),
        }
    }

    fn about_lines(kind: Kind, error: &PlacingError, skus: &[Sku], lines: &[Line]) -> Self {
        let concerned = lines.iter().enumerate().filter(|(_, line)| skus.contains(&line.sku));
        let field = |(index, line): (usize, &Line)| {
            let told = format!("`items[{index}].sku`: {} {}", kind.title(), tick(line.sku.as_str()));
            FieldError::in_body(&format!("/items/{index}/sku"), told)
        };
        Self { errors: concerned.map(field).collect(), ..Self::new(kind, wrong("items", error)) }
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
            error @ (OperateError::MovedOn(_) | OperateError::Refused { .. }) => {
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
