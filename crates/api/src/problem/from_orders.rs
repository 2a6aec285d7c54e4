//! Maps the errors of orders to problems.

use super::text::{invalid, quote};
use super::{FieldError, Kind, Problem};
use domain::order::order_request::PlacingError;
use domain::product::{Line, Sku};
use domain::returns::ReturnRefusal;
use domain::saga::{CancelRefusal, LineCancelRefusal, SagaError};
use orders::{CancelError, ExceptionError, PlaceOrderError, ReturnError, SagaActionError, StoreError};
use std::time::Duration;

/// `Retry-After` of a repeat whose first request is still in progress.
const IN_PROGRESS_RETRY_AFTER: Duration = Duration::from_secs(1);

/// `Retry-After` of an order whose customer has too many unpaid ones: a payment without a result is given up after
/// minutes.
const UNPAID_RETRY_AFTER: Duration = Duration::from_mins(1);

impl From<PlaceOrderError> for Problem {
    fn from(error: PlaceOrderError) -> Self {
        let detail = error.to_string();
        match error {
            PlaceOrderError::Overloaded => Self::overloaded(detail),
            PlaceOrderError::KeyReused => Self::about_parameter(Kind::IdempotencyKeyReused, "idempotency-key", detail),
            PlaceOrderError::ExternalRefTaken { .. } => {
                Self::about(Kind::AlreadyExists, "/external_ref", invalid("external_ref", error))
            }
            PlaceOrderError::InProgress => {
                Self::new(Kind::RequestInProgress, detail).retry_after(IN_PROGRESS_RETRY_AFTER)
            }
            PlaceOrderError::TooManyUnpaidOrders(_) | PlaceOrderError::TooManyUnpaidUnits(_) => {
                Self::new(Kind::TooManyRequests, detail).retry_after(UNPAID_RETRY_AFTER)
            }
            PlaceOrderError::Unavailable => Self::unavailable(detail),
            PlaceOrderError::Failed => Self::internal(detail),
        }
    }
}

impl Problem {
    /// The problem of an order request that can't be placed; `errors` names the affected lines.
    pub fn invalid_order(error: &PlacingError, lines: &[Line]) -> Self {
        let about = |kind, name: &str| Self::about(kind, &format!("/{name}"), invalid(name, error));
        match error {
            PlacingError::DuplicateSkus(skus) => Self::about_lines(Kind::DuplicateSku, error, skus, lines),
            PlacingError::UnknownSkus(skus) => Self::about_lines(Kind::UnknownSku, error, skus, lines),
            PlacingError::MixedCurrencies(_) => about(Kind::CurrencyMismatch, "items"),
            PlacingError::OtherCurrency { .. } => about(Kind::CurrencyMismatch, "currency"),
            PlacingError::NoLines | PlacingError::TooManyLines(_) | PlacingError::TotalTooLarge => {
                about(Kind::Validation, "items")
            }
            PlacingError::DiscountTooLarge(line) => {
                let field = format!("items[{line}].discount_minor");
                let pointer = format!("/items/{line}/discount_minor");
                Self::about(Kind::Validation, &pointer, invalid(&field, error))
            }
            PlacingError::BadPaymentMethod => about(Kind::Validation, "payment_method"),
            PlacingError::BadNote => about(Kind::Validation, "note"),
        }
    }

    fn about_lines(kind: Kind, error: &PlacingError, skus: &[Sku], lines: &[Line]) -> Self {
        let affected = lines.iter().enumerate().filter(|(_, line)| skus.contains(&line.sku));
        let field = |(index, line): (usize, &Line)| {
            let detail = format!("`items[{index}].sku`: {} {}", kind.title(), quote(line.sku.as_str()));
            FieldError::in_body(&format!("/items/{index}/sku"), detail)
        };
        Self { errors: affected.map(field).collect(), ..Self::new(kind, invalid("items", error)) }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        let detail = error.to_string();
        match error {
            CancelError::NotFound => Self::not_found("order"),
            CancelError::Refused(refusal) => refusal.into(),
            CancelError::Saga(_) => Self::internal(detail),
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<CancelRefusal> for Problem {
    fn from(refusal: CancelRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            CancelRefusal::Lines(LineCancelRefusal::RepeatedLine(_) | LineCancelRefusal::UnknownLine(_)) => {
                Self::about(Kind::Validation, "/lines", invalid("lines", detail))
            }
            CancelRefusal::Lines(LineCancelRefusal::TooManyUnits { .. }) => {
                Self::about(Kind::InvalidState, "/lines", invalid("lines", detail))
            }
            CancelRefusal::Lines(LineCancelRefusal::InProgress) => {
                Self::new(Kind::InvalidState, detail).retry_after(IN_PROGRESS_RETRY_AFTER)
            }
            CancelRefusal::TooLate(_) | CancelRefusal::Lines(LineCancelRefusal::NotConfirmed(_)) => {
                Self::new(Kind::InvalidState, detail)
            }
        }
    }
}

impl From<ExceptionError> for Problem {
    fn from(error: ExceptionError) -> Self {
        let detail = error.to_string();
        match error {
            ExceptionError::NotFound => Self::not_found("order"),
            ExceptionError::Refused(SagaError::NoException { .. })
            | ExceptionError::Returned(_)
            | ExceptionError::Reshipped(..) => Self::new(Kind::InvalidState, detail),
            ExceptionError::Refused(_) => Self::internal(detail),
            ExceptionError::Store(error) => error.into(),
        }
    }
}

impl From<ReturnError> for Problem {
    fn from(error: ReturnError) -> Self {
        let detail = error.to_string();
        let about = |kind, name: &str| Self::about(kind, &format!("/{name}"), invalid(name, &detail));
        match error {
            ReturnError::NoSuchOrder => Self::not_found("order"),
            ReturnError::NotFound => Self::not_found("return"),
            ReturnError::NotAllowed(_) => Self::new(Kind::Forbidden, detail),
            ReturnError::Refused(ReturnRefusal::UnknownLine(_) | ReturnRefusal::RepeatedLine(_))
            | ReturnError::Count(_) => about(Kind::Validation, "lines"),
            ReturnError::Refused(_) => about(Kind::InvalidState, "lines"),
            ReturnError::WarehouseRequired => about(Kind::Validation, "warehouse_id"),
            ReturnError::Status(_) => Self::new(Kind::InvalidState, detail),
            ReturnError::Store(error) => error.into(),
        }
    }
}

impl From<SagaActionError> for Problem {
    fn from(error: SagaActionError) -> Self {
        match error {
            SagaActionError::NotFound => Self::not_found("order"),
            error @ (SagaActionError::StaleGeneration(_) | SagaActionError::Refused { .. }) => {
                Self::new(Kind::InvalidState, error.to_string())
            }
            SagaActionError::Saga(error) => Self::internal(error),
            SagaActionError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::Inconsistent(error) => Self::internal(error),
        }
    }
}
