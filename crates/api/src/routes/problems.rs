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
    type_uri: String,
    code: &'static str,
    status: u16,
    title: &'static str,
}

/// What a kind of problem means
#[utoipa::path(get, path = "/problems/{code}", tag = "system", params(("code" = String, Path)),
    responses((status = 200, body = KindBody)), security(()))]
pub async fn explain(PathParam(code): PathParam<String>) -> Result<Json<KindBody>, Problem> {
    let kind =
        Kind::ALL.iter().find(|kind| kind.slug() == code).ok_or_else(|| Problem::not_found("kind of problem"))?;
    let (slug, status) = (kind.slug(), kind.status().as_u16());
    Ok(Json(KindBody { type_uri: format!("/problems/{slug}"), code: slug, status, title: kind.title() }))
}
