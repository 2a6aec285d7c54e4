//! The methods of each path, for the 405 response: axum adds the `Allow` header only after our body is written.

use crate::problem::text::{one_of, quote};
use crate::problem::{Kind, Problem};
use axum::extract::MatchedPath;
use axum::http::Method;
use std::collections::HashMap;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

#[derive(Debug)]
pub struct Methods(HashMap<String, Vec<&'static str>>);

impl Methods {
    pub fn of(description: &OpenApi) -> Self {
        let paths = description.paths.paths.iter();
        Self(paths.map(|(path, item)| (path.clone(), methods_of(item))).collect())
    }

    pub fn refuse(&self, method: &Method, path: Option<&MatchedPath>) -> Problem {
        let refused = format!("{} is not supported by this path", quote(method.as_str()));
        match path.and_then(|path| self.0.get(path.as_str())) {
            Some(methods) => Problem::new(Kind::MethodNotAllowed, format!("{refused}; use {}", one_of(methods))),
            None => Problem::new(Kind::MethodNotAllowed, format!("{refused}; see the header `Allow`")),
        }
    }
}

/// Every GET route also supports HEAD.
fn methods_of(item: &PathItem) -> Vec<&'static str> {
    let known = [
        ("GET", &item.get),
        ("HEAD", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    known.into_iter().filter(|(_, operation)| operation.is_some()).map(|(name, _)| name).collect()
}
