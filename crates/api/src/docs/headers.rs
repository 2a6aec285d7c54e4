//! Response headers that several operations share. Headers of a single route are documented at that route.

use super::{accepts_idempotency_key, components, operations};
use crate::problem::Kind;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, OpenApi as Spec, Ref, RefOr};

const REQUEST_ID: &str = "x-request-id";
const RETRY_AFTER: &str = "Retry-After";
const REPLAYED: &str = "Idempotent-Replayed";
const CHALLENGE: &str = "WWW-Authenticate";
const RATE_LIMIT: &str = "RateLimit";
const RATE_LIMIT_POLICY: &str = "RateLimit-Policy";

pub fn add(spec: &mut Spec) {
    for operation in operations(spec) {
        let is_idempotent = accepts_idempotency_key(operation);
        for (status, response) in &mut operation.responses.responses {
            // References are the shared problem responses, which get their headers in `add_to_problem_response`.
            if let RefOr::T(response) = response {
                for name in [REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY] {
                    response.headers.insert(name.to_owned(), RefOr::Ref(reference(name)));
                }
                // Only successful responses are stored under a key.
                if is_idempotent && status.starts_with('2') {
                    response.headers.insert(REPLAYED.to_owned(), RefOr::Ref(reference(REPLAYED)));
                }
            }
        }
    }
    components(spec).headers.extend([
        (
            REQUEST_ID.to_owned(),
            header(
                Type::String,
                "The id of the request: the `x-request-id` that you sent, if it consists of 1 to 128 letters, digits \
                 and `-_.:`; otherwise a generated one",
            )
            .into(),
        ),
        (
            REPLAYED.to_owned(),
            header(
                Type::Boolean,
                "`true` on the stored response to an earlier request with the same `Idempotency-Key`; otherwise absent",
            )
            .into(),
        ),
        (
            RATE_LIMIT_POLICY.to_owned(),
            header(
                Type::String,
                "The rate limit that is closest to being reached: its class of routes, requests `q` per `w` seconds",
            )
            .into(),
        ),
        (
            RATE_LIMIT.to_owned(),
            header(Type::String, "What is left of that limit: `r` requests, and a new window in `t` seconds").into(),
        ),
        (RETRY_AFTER.to_owned(), header(Type::Integer, "Seconds to wait before a retry").into()),
        (
            CHALLENGE.to_owned(),
            header(Type::String, "The authentication scheme and, for a refused token, why it was refused (RFC 6750)")
                .into(),
        ),
    ]);
}

pub fn add_to_problem_response(response: ResponseBuilder, kinds: &[Kind]) -> ResponseBuilder {
    let mut response = response;
    for name in [REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY] {
        response = response.header_ref(name, reference(name));
    }
    if kinds.iter().any(|kind| kind.is_retryable()) {
        response = response.header_ref(RETRY_AFTER, reference(RETRY_AFTER));
    }
    if kinds.iter().any(|kind| kind.challenge().is_some()) {
        response = response.header_ref(CHALLENGE, reference(CHALLENGE));
    }
    response
}

fn header(schema_type: Type, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(schema_type)))
        .description(Some(description))
        .build()
}

fn reference(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}
