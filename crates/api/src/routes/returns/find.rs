//! `GET /returns/{id}`.

use super::body::ReturnDetailBody;
use crate::auth::Allowed;
use crate::params::PathParam;
use crate::policy::SeeReturns;
use crate::problem::Problem;
use crate::routes::orders::find::is_known;
use crate::routes::viewer::viewer;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ids::ReturnId;

/// Show a return
///
/// With its timeline. Send the `ETag` back as `If-None-Match`: while the return is unchanged, the response is 304
/// without a body.
#[utoipa::path(get, path = "/returns/{id}", tag = "returns",
    params(("id" = uuid::Uuid, Path, description = "The return's `id`"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier response")),
    responses(
        (status = 200, description = "The return", body = ReturnDetailBody,
            headers(("ETag" = String, description = "Changes with the return"))),
        (status = 304, description = "The return is unchanged",
            headers(("ETag" = String, description = "The same as before")))),
    security(("access_token" = [])))]
pub async fn find_return(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeReturns>,
    PathParam(id): PathParam<ReturnId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = orders::find_return(&state.pool, id, viewer(caller)).await?;
    let found = found.ok_or_else(|| Problem::not_found("return"))?;
    // The body depends on the role, and on the orders that replace its units.
    let etag = format!("\"{}-{}-{}\"", found.version, found.exchange_orders.len(), caller.role);
    let known = is_known(&headers, &etag);
    let headers: [(HeaderName, String); 3] =
        [(ETAG, etag), (CACHE_CONTROL, "private, no-cache".into()), (VARY, "authorization".into())];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(ReturnDetailBody::from(found))).into_response())
}
