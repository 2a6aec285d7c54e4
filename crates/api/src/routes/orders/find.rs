//! `GET /orders/{id}`.

use super::order::OrderBody;
use super::visible_order;
use crate::auth::Allowed;
use crate::params::PathParam;
use crate::policy::SeeOrders;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ids::OrderId;

/// Show an order
///
/// Send the `ETag` back as `If-None-Match`: while the order is unchanged, the response is 304 without a body.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier response")),
    responses(
        (status = 200, description = "The order", body = OrderBody,
            headers(("ETag" = String, description = "Changes with the order"))),
        (status = 304, description = "The order is unchanged",
            headers(("ETag" = String, description = "The same as before")))),
    security(("access_token" = [])))]
pub async fn find_order(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeOrders>,
    PathParam(id): PathParam<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let order = visible_order(&state, caller, id).await?;
    // The body depends on the role, so the ETag does as well.
    let etag = format!("\"{}-{}\"", order.order.version, caller.role);
    let known = is_known(&headers, &etag);
    let headers: [(HeaderName, String); 3] =
        [(ETAG, etag), (CACHE_CONTROL, "private, no-cache".into()), (VARY, "authorization".into())];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(OrderBody::of(&state, order).await?)).into_response())
}

/// Whether the client has the version with this `ETag`.
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag == etag)
}
