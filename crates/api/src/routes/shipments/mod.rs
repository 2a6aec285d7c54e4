//! Shipments, named by their id or by their tracking number.

pub mod enter_tracking;
pub mod find;
pub mod list;
pub mod record_event;
pub mod shipment;

use crate::auth::Caller;
use crate::problem::{Kind, Problem};
use crate::routes::viewer::viewer;
use crate::state::AppState;
use accounts::Role;
use domain::product::Sku;
use orders::OrderView;
use shipping::{ShipmentKey, ShipmentView};

/// The order's shipments that the caller may see: the customer who placed the order sees all, a vendor those that
/// contain only their own products.
pub fn visible_shipments(caller: Caller, order: &OrderView, shipments: Vec<ShipmentView>) -> Vec<ShipmentView> {
    if caller.role != Role::Vendor || order.order.customer_id == caller.id {
        return shipments;
    }
    shipments.into_iter().filter(|shipment| is_sold_by(caller, order, shipment)).collect()
}

/// Whether the shipment contains only products of the caller.
fn is_sold_by(caller: Caller, order: &OrderView, shipment: &ShipmentView) -> bool {
    let sells = |sku: &Sku| order.lines.iter().any(|line| line.sku == *sku && line.vendor_id == caller.id);
    shipment.lines.iter().all(|line| sells(&line.sku))
}

/// The shipment and its order; 404 if the caller may not see them.
async fn visible_shipment(
    state: &AppState,
    caller: Caller,
    key: &ShipmentKey,
) -> Result<(ShipmentView, OrderView), Problem> {
    let not_found = || Problem::not_found("shipment");
    let shipment = shipping::find_shipment(&state.pool, key).await?.ok_or_else(not_found)?;
    let order = orders::find_order(&state.pool, shipment.order_id, viewer(caller)).await?.ok_or_else(not_found)?;
    let shipment = visible_shipments(caller, &order, vec![shipment]).pop().ok_or_else(not_found)?;
    Ok((shipment, order))
}

/// The shipment, if the caller may report on it: as its vendor or as an admin, but not as its recipient.
async fn reportable_shipment(state: &AppState, caller: Caller, key: &ShipmentKey) -> Result<ShipmentView, Problem> {
    let (shipment, order) = visible_shipment(state, caller, key).await?;
    if caller.role != Role::Vendor || is_sold_by(caller, &order, &shipment) {
        return Ok(shipment);
    }
    Err(Problem::new(Kind::Forbidden, "Only the vendor of every product in a shipment may report on it."))
}
