//! Shipments, by the number that their carrier gave them.

pub mod find;
pub mod record_event;
pub mod shipment;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::orders::viewer;
use crate::state::AppState;
use accounts::Role;
use domain::shipment::TrackingNumber;
use orders::OrderView;
use shipping::ShipmentView;

/// Those of the order's shipments that the caller may see: a vendor such as hold nothing but their own products.
pub fn visible_shipments(caller: Caller, order: &OrderView, shipments: Vec<ShipmentView>) -> Vec<ShipmentView> {
    if caller.role != Role::Vendor {
        return shipments;
    }
    // A vendor's view of an order has their own lines only.
    let is_theirs =
        |shipment: &ShipmentView| shipment.lines.iter().all(|line| order.lines.iter().any(|own| own.sku == line.sku));
    shipments.into_iter().filter(is_theirs).collect()
}

/// The shipment, if its order is the caller's to see; else 404.
async fn visible_shipment(state: &AppState, caller: Caller, number: &TrackingNumber) -> Result<ShipmentView, Problem> {
    let not_found = || Problem::not_found("shipment");
    let shipment = shipping::find_shipment(&state.pool, number).await?.ok_or_else(not_found)?;
    let order = orders::find_order(&state.pool, shipment.order_id, viewer(caller)).await?.ok_or_else(not_found)?;
    visible_shipments(caller, &order, vec![shipment]).pop().ok_or_else(not_found)
}
