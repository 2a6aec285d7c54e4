//! Problem responses of each operation, by status.
//!
//! Most are derived from the operation's parameters, body and security. Those of layers are declared next to the
//! layers, in `router.rs`. An operation declares the rest itself:
//! `extensions(("x-problems" = json!([Kind::InvalidState])))`. The tests check every response that they get against the
//! result.

use super::{ACCESS_TOKEN, KEY, PROBLEM_JSON, components, headers, inline, operations};
use crate::problem::{Kind, Problem};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, ContentBuilder, OpenApi as Spec, Ref, RefOr, Required, ResponseBuilder};

/// The extension that lists an operation's own problems; removed from the final description.
const DECLARED: &str = "x-problems";

const TOKEN_PROBLEMS: &[Kind] = &[Kind::Unauthenticated, Kind::InvalidToken, Kind::TokenExpired, Kind::TokenRevoked];
const ROLE_PROBLEMS: &[Kind] = &[Kind::Forbidden, Kind::PasswordChangeRequired];
const PATH_PROBLEMS: &[Kind] = &[Kind::InvalidParameter, Kind::NotFound];
const QUERY_PROBLEMS: &[Kind] = &[Kind::InvalidParameter, Kind::Validation];
const KEY_PROBLEMS: &[Kind] = &[Kind::IdempotencyKeyInvalid, Kind::IdempotencyKeyReused, Kind::RequestInProgress];
const REQUIRED_KEY_PROBLEMS: &[Kind] = &[Kind::IdempotencyKeyMissing];
const UNSUPPORTED_KEY_PROBLEMS: &[Kind] = &[Kind::IdempotencyKeyUnsupported];
const BODY_PROBLEMS: &[Kind] = &[
    Kind::MalformedJson,
    Kind::RequestTimeout,
    Kind::PayloadTooLarge,
    Kind::UnsupportedMediaType,
    Kind::UnsupportedEncoding,
    Kind::Validation,
];

/// Declares problems of a layer for every operation described so far.
pub fn add_problems(spec: &mut Spec, kinds: &[Kind]) {
    for operation in operations(spec) {
        let declared: Vec<_> = take_declared(operation).into_iter().chain(kinds.iter().copied()).collect();
        operation.extensions.get_or_insert_default().insert(DECLARED.to_owned(), json!(declared));
    }
}

/// Adds a response for each declared or implied problem.
pub fn add(spec: &mut Spec) {
    let mut shared = BTreeMap::new();
    for operation in operations(spec) {
        let kinds: BTreeSet<_> = implied_by(operation).chain(take_declared(operation)).collect();
        for (status, kinds) in by_status(kinds) {
            add_response(operation, status, &kinds, &mut shared);
        }
    }
    let components = components(spec);
    components.responses.extend(shared);
    components.examples.extend(Kind::ALL.iter().map(|kind| (kind.slug().to_owned(), example(*kind))));
}

/// Removes and returns the problems that the operation and its layers declared.
fn take_declared(operation: &mut Operation) -> Vec<Kind> {
    let declared = operation.extensions.as_mut().and_then(|extensions| extensions.remove(DECLARED));
    declared
        .map_or_else(Vec::new, |declared| serde_json::from_value(declared).expect("x-problems lists kinds of problems"))
}

fn implied_by(operation: &Operation) -> impl Iterator<Item = Kind> + use<> {
    let parameters: Vec<_> = operation.parameters.iter().flatten().filter_map(inline).collect();
    let has = |location: &ParameterIn| parameters.iter().any(|parameter| parameter.parameter_in == *location);
    let key = parameters.iter().find(|parameter| parameter.name == KEY);
    let requires_key = key.is_some_and(|key| key.required == Required::True);
    let (accepts_token, requires_token) = authentication(operation);
    let sources = [
        (accepts_token, TOKEN_PROBLEMS),
        (requires_token, ROLE_PROBLEMS),
        (has(&ParameterIn::Path), PATH_PROBLEMS),
        (has(&ParameterIn::Query), QUERY_PROBLEMS),
        (key.is_some(), KEY_PROBLEMS),
        (requires_key, REQUIRED_KEY_PROBLEMS),
        (key.is_none(), UNSUPPORTED_KEY_PROBLEMS),
        (operation.request_body.is_some(), BODY_PROBLEMS),
    ];
    sources.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, kinds)| kinds.iter().copied())
}

/// Whether the operation accepts an access token, and whether it requires one.
fn authentication(operation: &Operation) -> (bool, bool) {
    let schemes: Vec<_> = operation.security.iter().flatten().map(|scheme| json!(scheme)).collect();
    let is_token = |scheme: &Value| scheme.get(ACCESS_TOKEN).is_some();
    (schemes.iter().any(is_token), !schemes.is_empty() && schemes.iter().all(is_token))
}

fn by_status(kinds: BTreeSet<Kind>) -> BTreeMap<String, Vec<Kind>> {
    let mut statuses: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for kind in kinds {
        statuses.entry(kind.status().as_str().to_owned()).or_default().push(kind);
    }
    statuses
}

/// Responses with the same problems are shared in `components`, named after their codes. An operation that documents a
/// response with this status itself keeps it, with the problem as a further media type.
fn add_response(
    operation: &mut Operation,
    status: String,
    kinds: &[Kind],
    shared: &mut BTreeMap<String, RefOr<Response>>,
) {
    if let Some(RefOr::T(own)) = operation.responses.responses.get_mut(&status) {
        own.content.insert(PROBLEM_JSON.to_owned(), content(kinds).into());
        return;
    }
    let name = kinds.iter().map(|kind| kind.slug()).collect::<Vec<_>>().join(".");
    operation.responses.responses.insert(status, Ref::from_response_name(&name).into());
    shared.entry(name).or_insert_with(|| response(kinds).into());
}

fn response(kinds: &[Kind]) -> Response {
    let meanings: Vec<_> = kinds.iter().map(|kind| format!("`{}`: {}", kind.slug(), kind.title())).collect();
    let response = ResponseBuilder::new().description(meanings.join("; ")).content(PROBLEM_JSON, content(kinds));
    headers::add_to_problem_response(response, kinds).build()
}

fn content(kinds: &[Kind]) -> Content {
    let example = |kind: &Kind| (kind.slug(), RefOr::Ref(Ref::new(format!("#/components/examples/{}", kind.slug()))));
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody")));
    content.examples_from_iter(kinds.iter().map(example)).build()
}

fn example(kind: Kind) -> RefOr<Example> {
    let value = json!(Problem::example(kind).body("/api/v1/…", "019ab1c2-7f3e-7c41-9d1a-3b0f5a6e8d27"));
    ExampleBuilder::new().summary(kind.title()).value(Some(value)).into()
}
