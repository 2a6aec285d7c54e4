//! `GET /orders/{id}/shipments`.

use super::visible_order;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::PathParam;
use crate::policy::SeeShipments;
use crate::problem::Problem;
use crate::routes::shipments::shipment::ShipmentBody;
use crate::routes::shipments::visible_shipments;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::ids::OrderId;

/// Show an order's shipments
///
/// The customer who placed the order sees all of them; vendors see their own: those of their products.
#[utoipa::path(get, path = "/orders/{id}/shipments", tag = "orders",
    params(("id" = uuid::Uuid, Path, description = "The order's `order_id`")),
    responses((status = 200, description = "One per warehouse and vendor", body = Page<ShipmentBody>)), security(("access_token" = [])))]
pub async fn order_shipments(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeShipments>,
    PathParam(id): PathParam<OrderId>,
) -> Result<Json<Page<ShipmentBody>>, Problem> {
    let order = visible_order(&state, caller, id).await?;
    let shipments = shipping::shipments_of_order(&state.pool, id).await?;
    let shipments = visible_shipments(caller, &order, shipments);
    Ok(Json(Page::complete(ShipmentBody::of_all(&state, shipments).await?)))
}
