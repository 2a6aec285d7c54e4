//! The routes that accept an `Idempotency-Key`, read from the OpenAPI description. All other routes refuse a key:
//! ignoring it would let the client rely on a guarantee that does not exist.

use super::key::HEADER;
use crate::problem::{Kind, Problem};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

/// Path templates of the POST routes that accept a key; cheap to clone.
#[derive(Debug, Clone)]
pub struct SupportedRoutes(Arc<HashSet<String>>);

impl SupportedRoutes {
    pub fn of(description: &OpenApi) -> Self {
        let paths = description.paths.paths.iter();
        let supported = paths.filter(|(_, item)| item.post.as_ref().is_some_and(accepts_idempotency_key));
        Self(Arc::new(supported.map(|(path, _)| path.clone()).collect()))
    }

    pub fn check(&self, request: &Request) -> Result<(), Problem> {
        if !request.headers().contains_key(HEADER) {
            return Ok(());
        }
        // A request that matches no route gets its 404.
        let Some(route) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
        if request.method() == Method::POST && self.0.contains(route.as_str()) {
            return Ok(());
        }
        let detail = "`Idempotency-Key` is not supported by this route; leave it out";
        Err(Problem::about_parameter(Kind::IdempotencyKeyUnsupported, HEADER, detail))
    }
}

fn accepts_idempotency_key(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => {
            parameter.parameter_in == ParameterIn::Header && parameter.name.eq_ignore_ascii_case(HEADER)
        }
        RefOr::Ref(_) => false,
    })
}
