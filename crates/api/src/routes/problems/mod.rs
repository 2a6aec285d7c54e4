//! The target of a problem's `type`: an HTML page for browsers, JSON for other clients.

mod page;

use crate::limits;
use crate::params::PathParam;
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_SECURITY_POLICY, VARY};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Path and request id in the example.
const EXAMPLE_PATH: &str = "/api/v1/…";
const EXAMPLE_REQUEST: &str = "019ab1c2-7f3e-7c41-9d1a-3b0f5a6e8d27";

/// A kind of problem.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindBody {
    #[serde(rename = "type")]
    #[schema(example = "/problems/unknown-sku")]
    type_uri: String,
    #[schema(example = "unknown-sku")]
    code: &'static str,
    #[schema(example = 422)]
    status: u16,
    #[schema(example = "Unknown SKU")]
    title: &'static str,
    #[schema(example = "The catalogue has no product with this SKU that can be ordered, or it is not yours.")]
    cause: &'static str,
    #[schema(example = "List products with GET /api/v1/products and use a SKU from there.")]
    cure: &'static str,
    /// An example of this problem.
    #[schema(value_type = Object)]
    example: Value,
}

/// Explain a kind of problem
///
/// The `type` of every problem links here. Browsers get a page, other clients JSON.
#[utoipa::path(get, path = "/problems/{code}", tag = "system",
    params(("code" = String, Path, description = "A problem's `code`", example = "unknown-sku")),
    responses((status = 200, description = "The kind of problem", content(
        (KindBody = "application/json"), (String = "text/html", example = "<!doctype html>…")))), security(()))]
pub async fn explain(PathParam(code): PathParam<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let kind = Kind::ALL.iter().find(|kind| kind.slug() == code).copied();
    let kind = kind.ok_or_else(|| Problem::not_found("kind of problem"))?;
    let body = KindBody::from(kind);
    if limits::prefers_html(&headers) {
        let policy = [(CONTENT_SECURITY_POLICY, page::POLICY.as_str()), (VARY, "accept")];
        return Ok((policy, Html(page::of(&body))).into_response());
    }
    Ok(([(VARY, "accept")], Json(body)).into_response())
}

impl From<Kind> for KindBody {
    fn from(kind: Kind) -> Self {
        let (code, guide) = (kind.slug(), kind.guide());
        Self {
            type_uri: format!("/problems/{code}"),
            code,
            status: kind.status().as_u16(),
            title: kind.title(),
            cause: guide.cause,
            cure: guide.cure,
            example: json!(Problem::example(kind).body(EXAMPLE_PATH, EXAMPLE_REQUEST)),
        }
    }
}
