//! Which problems an operation may answer with, by status.
//!
//! Most follow from what it takes, as its description says it. Layers say theirs beside themselves, in `router.rs`. The
//! rest an operation names itself: `extensions(("x-problems" = json!([Kind::InvalidState])))`. The tests hold every
//! answer that they get against the outcome.

use super::{ACCESS_TOKEN, PROBLEM_JSON, components, headers, operations};
use crate::problem::{Kind, Problem};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, ContentBuilder, OpenApi as Description, Ref, RefOr, Required, ResponseBuilder};

const KEY: &str = "Idempotency-Key";
const NAMED: &str = "x-problems";

const OF_TOKENS: &[Kind] = &[Kind::Unauthenticated, Kind::InvalidToken, Kind::TokenExpired, Kind::TokenRevoked];
const OF_ROLES: &[Kind] = &[Kind::Forbidden];
const OF_PATHS: &[Kind] = &[Kind::InvalidParameter, Kind::NotFound];
const OF_QUERIES: &[Kind] = &[Kind::InvalidParameter, Kind::Validation];
const OF_KEYS: &[Kind] = &[Kind::IdempotencyKeyInvalid, Kind::IdempotencyKeyReused, Kind::RequestInProgress];
const OF_NEEDED_KEYS: &[Kind] = &[Kind::IdempotencyKeyMissing];
const OF_REFUSED_KEYS: &[Kind] = &[Kind::IdempotencyKeyUnsupported];
const OF_BODIES: &[Kind] = &[
    Kind::MalformedJson,
    Kind::RequestTimeout,
    Kind::PayloadTooLarge,
    Kind::UnsupportedMediaType,
    Kind::UnsupportedEncoding,
    Kind::Validation,
];

/// Says that every operation described so far may answer with these: what a layer around them refuses.
pub fn may_answer(description: &mut Description, kinds: &[Kind]) {
    for operation in operations(description) {
        let named: Vec<_> = take_named(operation).into_iter().chain(kinds.iter().copied()).collect();
        operation.extensions.get_or_insert_default().insert(NAMED.to_owned(), json!(named));
    }
}

/// Turns what is named, and what follows, into responses.
pub fn add(description: &mut Description) {
    let mut shared = BTreeMap::new();
    for operation in operations(description) {
        let kinds: BTreeSet<_> = follow_from(operation).chain(take_named(operation)).collect();
        for (status, kinds) in by_status(kinds) {
            answer(operation, status, &kinds, &mut shared);
        }
    }
    let components = components(description);
    components.responses.extend(shared);
    components.examples.extend(Kind::ALL.iter().map(|kind| (kind.slug().to_owned(), example(*kind))));
}

/// What the operation named itself, and layers for it.
fn take_named(operation: &mut Operation) -> Vec<Kind> {
    let named = operation.extensions.as_mut().and_then(|extensions| extensions.remove(NAMED));
    named.map_or_else(Vec::new, |named| serde_json::from_value(named).expect("x-problems lists kinds of problems"))
}

fn follow_from(operation: &Operation) -> impl Iterator<Item = Kind> + use<> {
    let parameters: Vec<_> = operation.parameters.iter().flatten().filter_map(in_place).collect();
    let takes = |place: &ParameterIn| parameters.iter().any(|parameter| parameter.parameter_in == *place);
    let key = parameters.iter().find(|parameter| parameter.name == KEY);
    let needs_key = key.is_some_and(|key| key.required == Required::True);
    let (token, role) = asks_for(operation);
    let sources = [
        (token, OF_TOKENS),
        (role, OF_ROLES),
        (takes(&ParameterIn::Path), OF_PATHS),
        (takes(&ParameterIn::Query), OF_QUERIES),
        (key.is_some(), OF_KEYS),
        (needs_key, OF_NEEDED_KEYS),
        (key.is_none(), OF_REFUSED_KEYS),
        (operation.request_body.is_some(), OF_BODIES),
    ];
    sources.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, kinds)| kinds.iter().copied())
}

/// Whether it can be repeated under a key.
pub fn takes_key(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().filter_map(in_place).any(|parameter| parameter.name == KEY)
}

/// Whether it looks at tokens, and whether there is no way without one.
fn asks_for(operation: &Operation) -> (bool, bool) {
    let ways: Vec<_> = operation.security.iter().flatten().map(|way| json!(way)).collect();
    let with_token = |way: &Value| way.get(ACCESS_TOKEN).is_some();
    (ways.iter().any(with_token), !ways.is_empty() && ways.iter().all(with_token))
}

fn in_place<T>(one: &RefOr<T>) -> Option<&T> {
    match one {
        RefOr::T(one) => Some(one),
        RefOr::Ref(_) => None,
    }
}

fn by_status(kinds: BTreeSet<Kind>) -> BTreeMap<String, Vec<Kind>> {
    let mut statuses: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for kind in kinds {
        statuses.entry(kind.status().as_str().to_owned()).or_default().push(kind);
    }
    statuses
}

/// Many operations refuse for the same reasons, so these are described once, under the codes' own names. An operation
/// that has an answer of its own with this status keeps it beside the problem.
fn answer(operation: &mut Operation, status: String, kinds: &[Kind], shared: &mut BTreeMap<String, RefOr<Response>>) {
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
    headers::of_problems(response, kinds).build()
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
