//! The header `Idempotency-Key`.

use crate::problem::text::wrong;
use crate::problem::{Kind, Problem};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use utoipa::IntoParams;

pub const HEADER: &str = "idempotency-key";

/// The caller's own name for this request: needed, once, and readable.
#[derive(Debug)]
pub struct IdempotencyKey(pub orders::IdempotencyKey);

/// How routes that can be repeated under a key describe it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "for the documentation")]
pub struct KeyParam {
    /// Your own name for this request, such as a UUID: repeated with it, the request changes nothing more and gets the first
    /// answer again
    #[param(rename = "Idempotency-Key", required = false, min_length = 1, max_length = 255)]
    key: String,
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        given(&parts.headers)?.map(Self).ok_or_else(missing)
    }
}

/// The key, if there is one.
pub fn given(headers: &HeaderMap) -> Result<Option<orders::IdempotencyKey>, Problem> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(first) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(invalid("`Idempotency-Key` appears more than once; send it once"));
    }
    let text = first.to_str().map_err(|_not_ascii| invalid("`Idempotency-Key` must be visible ASCII characters"))?;
    text.parse().map(Some).map_err(|error: orders::BadIdempotencyKey| invalid(&wrong("Idempotency-Key", error)))
}

fn missing() -> Problem {
    let detail = "`Idempotency-Key` is required: send a value of your own, such as a UUID, so that the request can be \
                repeated without harm";
    Problem::about_parameter(Kind::IdempotencyKeyMissing, HEADER, detail)
}

fn invalid(detail: &str) -> Problem {
    Problem::about_parameter(Kind::IdempotencyKeyInvalid, HEADER, detail)
}
