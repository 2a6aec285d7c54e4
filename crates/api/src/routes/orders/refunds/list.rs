//! `GET /orders/{id}/refunds`.

use super::body::RefundBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::PathParam;
use crate::policy::SeePayments;
use crate::problem::Problem;
use crate::routes::orders::visible_order;
use crate::state::AppState;
use accounts::Role;
use axum::Json;
use axum::extract::State;
use domain::ids::OrderId;

/// List an order's refunds
///
/// For the customer who placed the order, support and admins; the oldest first.
#[utoipa::path(get, path = "/orders/{id}/refunds", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "All refunds of the order", body = Page<RefundBody>)),
    security(("access_token" = [])))]
pub async fn list_refunds(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeePayments>,
    PathParam(id): PathParam<OrderId>,
) -> Result<Json<Page<RefundBody>>, Problem> {
    let order = visible_order(&state, caller, id).await?.order;
    if caller.role == Role::Vendor && order.customer_id != caller.id {
        return Err(Problem::not_found("order"));
    }
    let is_staff = matches!(caller.role, Role::Support | Role::Admin);
    let refunds = payments::find_refunds(&state.pool, id).await?;
    Ok(Json(Page::complete(refunds.into_iter().map(|refund| RefundBody::of(refund, is_staff)))))
}
