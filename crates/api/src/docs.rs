//! The API's description, made from the routes themselves.

use crate::problem::ProblemBody;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Description, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

const PROBLEM_JSON: &str = "application/problem+json";

#[derive(OpenApi)]
#[openapi(
    info(title = "Orderflow", description = include_str!("docs.md")),
    tags(
        (name = "auth", description = "Signing up, in, on and out"),
        (name = "orders", description = "Placing orders, watching them, calling them back"),
        (name = "products", description = "What is sold"),
        (name = "inventory", description = "What lies where"),
        (name = "shipments", description = "How far goods have come"),
        (name = "admin", description = "For admins"),
        (name = "system", description = "How the house is"),
    ),
    components(schemas(ProblemBody)),
    modifiers(&AccessToken),
)]
pub struct Api;

struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, description: &mut Description) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let scheme =
            SecurityScheme::Http(bearer.description(Some("`access_token` of POST /api/v1/auth/login")).build());
        description.components.get_or_insert_default().add_security_scheme("access_token", scheme);
    }
}

/// Every route may answer with a problem.
pub fn add_problems(description: &mut Description) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
    let response = ResponseBuilder::new().description("A problem: branch on its `code`").content(PROBLEM_JSON, problem);
    let response = response.build();
    for path in description.paths.paths.values_mut() {
        let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        for operation in operations.into_iter().filter_map(Option::as_mut) {
            let Operation { responses, .. } = operation;
            responses.responses.insert("default".to_owned(), response.clone().into());
        }
    }
}
