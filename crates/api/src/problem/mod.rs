//! Error responses: RFC 9457 `application/problem+json`, the only error type of the API.
//!
//! A handler returns a [`Problem`]; [`render()`] writes the body, which needs the path and the request id. Internal
//! details go into `cause`, which is logged with the request and never sent.

mod example;
mod from_accounts;
mod from_catalogue;
mod from_inventory;
mod from_operations;
mod from_orders;
mod from_payments;
mod from_shipping;
mod guide;
mod kind;
mod render;
pub mod text;

pub use kind::Kind;
pub use render::{ProblemBody, render};

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// `Retry-After` when no better estimate is known.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// Fixed texts for errors on our side: their causes are for the log only.
const INTERNAL: &str = "An unexpected error occurred. Report the `request_id` to the operator of this API";
const UNAVAILABLE: &str =
    "The database is unreachable or busy. Retry with the same `Idempotency-Key`: nothing is done twice";

#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: Kind,
    pub detail: String,
    pub errors: Vec<FieldError>,
    pub retry_after: Option<Duration>,
    /// For the log only.
    pub cause: Option<String>,
}

/// An error about one part of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field of the body, as a JSON pointer: `/items/0/quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/items/0/quantity")]
    pub pointer: Option<String>,
    /// The path parameter, query parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    #[schema(example = "`items[0].quantity` must be a whole number from 1 to 1000, got `0`.")]
    pub detail: String,
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: text::sentence(detail), errors: Vec::new(), retry_after: None, cause: None }
    }

    /// The request is well-formed, but fields or parameters are invalid.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            many => format!("{} fields are invalid; see `errors`", many.len()),
        };
        Self { errors, ..Self::new(Kind::Validation, detail) }
    }

    pub fn about(kind: Kind, pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { errors: vec![FieldError::in_body(pointer, detail.clone())], ..Self::new(kind, detail) }
    }

    pub fn about_parameter(kind: Kind, parameter: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { errors: vec![FieldError::in_parameter(parameter, detail.clone())], ..Self::new(kind, detail) }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("No such {what}, or you have no access to it"))
    }

    /// A defect on our side; `cause` is for the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Kind::Internal, INTERNAL) }
    }

    /// A handler, or its detached work, panicked with this payload. The panic hook has logged the location.
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Self::internal(format!("panicked: {}", message.unwrap_or("no message")))
    }

    /// A service that we need is unavailable; `cause` is for the log.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        let problem = Self::new(Kind::Unavailable, UNAVAILABLE).retry_after(RETRY_SOON);
        Self { cause: Some(cause.to_string()), ..problem }
    }

    pub fn overloaded(detail: impl Into<String>) -> Self {
        Self::new(Kind::Overloaded, detail).retry_after(RETRY_SOON)
    }

    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }
}

impl FieldError {
    pub fn in_body(pointer: &str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.to_owned()), parameter: None, detail: text::sentence(detail) }
    }

    pub fn in_parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: Some(parameter.to_owned()), detail: text::sentence(detail) }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if platform::postgres::is_transient(&error) { Self::unavailable(error) } else { Self::internal(error) }
    }
}

/// Sets the status and attaches the problem; [`render()`] writes the body.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
