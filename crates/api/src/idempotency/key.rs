//! The `Idempotency-Key` header.

use crate::problem::{Kind, Problem, text};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use utoipa::IntoParams;

pub const HEADER: &str = "idempotency-key";

/// Extracts the key where it is required: exactly one header with a valid value.
#[derive(Debug)]
pub struct IdempotencyKey(pub orders::IdempotencyKey);

/// Documents the header in routes that accept it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the OpenAPI description")]
pub struct KeyParam {
    /// A unique value of yours for this request, such as a UUID: a repeat with the same key changes nothing and gets
    /// the first response again
    #[param(rename = "Idempotency-Key", required = false, min_length = 1, max_length = 255)]
    key: String,
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        find(&parts.headers)?.map(Self).ok_or_else(missing)
    }
}

/// The key, if the header is present.
pub fn find(headers: &HeaderMap) -> Result<Option<orders::IdempotencyKey>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(invalid("`Idempotency-Key` appears more than once; send it once"));
    }
    let value = first.to_str().map_err(|_not_ascii| invalid("`Idempotency-Key` must be visible ASCII characters"))?;
    let bad_key = |error: orders::BadIdempotencyKey| invalid(&text::invalid("Idempotency-Key", error));
    value.parse().map(Some).map_err(bad_key)
}

fn missing() -> Problem {
    let detail = "`Idempotency-Key` is required: send a value of your own, such as a UUID, so that the request can be \
                repeated without harm";
    Problem::about_parameter(Kind::IdempotencyKeyMissing, HEADER, detail)
}

fn invalid(detail: &str) -> Problem {
    Problem::about_parameter(Kind::IdempotencyKeyInvalid, HEADER, detail)
}
