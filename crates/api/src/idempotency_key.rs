//! The header `Idempotency-Key`.

use crate::problem::{Kind, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

const HEADER: &str = "idempotency-key";

/// The caller's own name for this request: needed, once, and readable.
#[derive(Debug)]
pub struct IdempotencyKey(pub orders::IdempotencyKey);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(HEADER).iter();
        let Some(first) = given.next() else { return Err(missing()) };
        if given.next().is_some() {
            return Err(invalid("Send one Idempotency-Key, not several."));
        }
        let text = first.to_str().map_err(|_not_ascii| invalid("An Idempotency-Key is visible ASCII."))?;
        text.parse().map(Self).map_err(|error: orders::BadIdempotencyKey| invalid(&error.to_string()))
    }
}

fn missing() -> Problem {
    let told = "Name this request with a header Idempotency-Key of your own, such as a UUID; then it can be repeated \
                without harm. See /docs.";
    Problem::about_parameter(Kind::IdempotencyKeyMissing, HEADER, told)
}

fn invalid(told: &str) -> Problem {
    Problem::about_parameter(Kind::IdempotencyKeyInvalid, HEADER, told)
}
