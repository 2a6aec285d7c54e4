//! The header `Idempotency-Key`.

use crate::problem::text::wrong;
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
            return Err(invalid("`Idempotency-Key` appears more than once; send it once"));
        }
        let text =
            first.to_str().map_err(|_not_ascii| invalid("`Idempotency-Key` must be visible ASCII characters"))?;
        text.parse().map(Self).map_err(|error: orders::BadIdempotencyKey| invalid(&wrong("Idempotency-Key", error)))
    }
}

fn missing() -> Problem {
    let told = "`Idempotency-Key` is required: send a value of your own, such as a UUID, so that the request can be \
                repeated without harm";
    Problem::about_parameter(Kind::IdempotencyKeyMissing, HEADER, told)
}

fn invalid(told: &str) -> Problem {
    Problem::about_parameter(Kind::IdempotencyKeyInvalid, HEADER, told)
}
