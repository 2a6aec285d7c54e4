//! `GET /shipments/{tracking_number}`.

use super::shipment::ShipmentBody;
use super::visible_shipment;
use crate::auth::Allowed;
use crate::params::PathParam;
use crate::policy::SeeShipments;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use shipping::ShipmentKey;

/// Track a shipment
///
/// Customers see shipments of the orders that they placed; vendors also those that contain only their own products;
/// admins all shipments.
#[utoipa::path(get, path = "/shipments/{tracking_number}", tag = "shipments",
    params(("tracking_number" = String, Path, description = "The shipment's `id` or tracking number")),
    responses((status = 200, description = "The shipment", body = ShipmentBody)),
    security(("access_token" = [])))]
pub async fn find_shipment(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeShipments>,
    PathParam(key): PathParam<ShipmentKey>,
) -> Result<Json<ShipmentBody>, Problem> {
    let (shipment, _) = visible_shipment(&state, caller, &key).await?;
    Ok(Json(ShipmentBody::of(&state, shipment).await?))
}
