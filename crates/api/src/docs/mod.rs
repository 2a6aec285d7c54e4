//! The OpenAPI description, generated from the routes.

mod closed_bodies;
mod closed_sets;
mod examples;
mod headers;
mod members;
mod names;
pub mod page;
mod parameters;
mod problems;
pub mod sets;
mod visit;

pub use problems::add_problems;

use crate::problem::{Kind, ProblemBody};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Spec, RefOr, Server};
use utoipa::{Modify, OpenApi};

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const KEY: &str = "Idempotency-Key";
/// Name of the security scheme of access tokens.
const ACCESS_TOKEN: &str = "access_token";

#[derive(OpenApi)]
#[openapi(
    info(title = "Orderflow", description = include_str!("docs.md")),
    tags(
        (name = "auth", description = "Sign up, log in, refresh tokens, log out"),
        (name = "orders", description = "Place, follow and cancel orders"),
        (name = "returns", description = "Request, decide and receive returns"),
        (name = "products", description = "The catalogue"),
        (name = "inventory", description = "Stock per SKU and warehouse"),
        (name = "shipments", description = "Track shipments and report their progress"),
        (name = "admin", description = "Administration: roles, failed jobs, sagas, tasks, audit log"),
        (name = "system", description = "Health, processes, metrics"),
    ),
    components(schemas(ProblemBody)),
    modifiers(&AccessToken, &ListOfProblems),
)]
pub struct Api;

struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, spec: &mut Spec) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let scheme = SecurityScheme::Http(
            bearer.description(Some("`access_token` of POST /api/v1/auth/login, or an API key")).build(),
        );
        components(spec).add_security_scheme(ACCESS_TOKEN, scheme);
    }
}

struct ListOfProblems;

impl Modify for ListOfProblems {
    fn modify(&self, spec: &mut Spec) {
        let row = |kind: &Kind| format!("| {} | `{}` | {} |\n", kind.status().as_u16(), kind.slug(), kind.title());
        let rows: String = Kind::ALL.iter().map(row).collect();
        let description = spec.info.description.get_or_insert_default();
        description.push_str(&rows);
        description.push_str("\n</details>\n");
    }
}

/// Adds what can be derived for every operation: problem responses, common response headers, and examples of bodies.
pub fn complete(spec: &mut Spec) {
    problems::add(spec);
    headers::add(spec);
    closed_sets::describe(spec);
    parameters::describe(spec);
    let bodies = closed_bodies::close(spec);
    members::describe(spec, &bodies);
    examples::add(spec);
    names::shorten(spec);
    spec.servers = Some(vec![Server::new("/")]);
}

fn components(spec: &mut Spec) -> &mut Components {
    spec.components.get_or_insert_default()
}

fn operations(spec: &mut Spec) -> impl Iterator<Item = &mut Operation> {
    let paths = spec.paths.paths.values_mut();
    let operations =
        paths.flat_map(|path| [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete]);
    operations.filter_map(Option::as_mut)
}

/// Whether the operation accepts an idempotency key.
fn accepts_idempotency_key(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().filter_map(inline).any(|parameter| parameter.name == KEY)
}

fn inline<T>(one: &RefOr<T>) -> Option<&T> {
    match one {
        RefOr::T(one) => Some(one),
        RefOr::Ref(_) => None,
    }
}

fn inline_mut<T>(one: &mut RefOr<T>) -> Option<&mut T> {
    match one {
        RefOr::T(one) => Some(one),
        RefOr::Ref(_) => None,
    }
}
