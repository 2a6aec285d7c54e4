//! Response headers of all operations. Headers of a single route are documented at that route.

use super::{accepts_key, components, operations};
use crate::problem::Kind;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, OpenApi as Description, Ref, RefOr};

const REQUEST_ID: &str = "x-request-id";
const RETRY_AFTER: &str = "Retry-After";
const REPLAYED: &str = "Idempotent-Replayed";
const CHALLENGE: &str = "WWW-Authenticate";

pub fn add(description: &mut Description) {
    for operation in operations(description) {
        let accepts_key = accepts_key(operation);
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response {
                response.headers.insert(REQUEST_ID.to_owned(), RefOr::Ref(reference(REQUEST_ID)));
                if accepts_key && status.starts_with('2') {
                    response.headers.insert(REPLAYED.to_owned(), RefOr::Ref(reference(REPLAYED)));
                }
            }
        }
    }
    components(description).headers.extend([
        (
            REQUEST_ID.to_owned(),
            header(
                Type::String,
                "The id of the request: the `x-request-id` that you sent, if it has up to 128 letters, digits and `-_.:`",
            )
            .into(),
        ),
        (REPLAYED.to_owned(), header(Type::Boolean, "`true` on a replayed response").into()),
        (RETRY_AFTER.to_owned(), header(Type::Integer, "Seconds to wait before a retry").into()),
        (
            CHALLENGE.to_owned(),
            header(Type::String, "The authentication scheme, and the error of the token").into(),
        ),
    ]);
}

pub fn of_problems(response: ResponseBuilder, kinds: &[Kind]) -> ResponseBuilder {
    let mut response = response.header_ref(REQUEST_ID, reference(REQUEST_ID));
    if kinds.iter().any(|kind| kind.is_retryable()) {
        response = response.header_ref(RETRY_AFTER, reference(RETRY_AFTER));
    }
    if kinds.iter().any(|kind| kind.challenge().is_some()) {
        response = response.header_ref(CHALLENGE, reference(CHALLENGE));
    }
    response
}

fn header(of: Type, description: &str) -> Header {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(of))).description(Some(description)).build()
}

fn reference(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}
