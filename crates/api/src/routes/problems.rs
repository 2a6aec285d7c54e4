//! What the `type` of a problem leads to.

use crate::params::PathParam;
use crate::problem::{Kind, Problem};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

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
    #[schema(example = "A SKU is not in the catalogue")]
    title: &'static str,
}

/// What a kind of problem means
///
/// The `type` of every problem leads here.
#[utoipa::path(get, path = "/problems/{code}", tag = "system",
    params(("code" = String, Path, description = "A problem's `code`", example = "unknown-sku")),
    responses((status = 200, description = "The kind of problem", body = KindBody)), security(()))]
pub async fn explain(PathParam(code): PathParam<String>) -> Result<Json<KindBody>, Problem> {
    let kind =
        Kind::ALL.iter().find(|kind| kind.slug() == code).ok_or_else(|| Problem::not_found("kind of problem"))?;
    let (slug, status) = (kind.slug(), kind.status().as_u16());
    Ok(Json(KindBody { type_uri: format!("/problems/{slug}"), code: slug, status, title: kind.title() }))
}
