//! Distributes units that became available to the orders that wait for them.

use super::available;
use crate::allocation_policy::AllocationPolicy;
use crate::ids::OrderId;
use crate::inventory::{Proximities, StockSnapshot, WarehouseLocations, allocate};
use crate::location::Location;
use crate::messages::{Allocation, MissingUnits};
use crate::product::Line;

/// An order that waits for units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingOrder {
    pub order_id: OrderId,
    pub policy: AllocationPolicy,
    pub destination: Option<Location>,
    pub missing: Vec<MissingUnits>,
    /// Another transaction changes the order at this moment: its units are set aside, and reserved by a later run.
    pub is_locked: bool,
}

/// Reserves what is available in `stock` for the orders, in their sequence. Returns the orders that get anything, each
/// with its allocations.
pub fn fill(
    stock: &mut StockSnapshot,
    orders: &[WaitingOrder],
    locations: &WarehouseLocations,
) -> Vec<(OrderId, Vec<Allocation>)> {
    orders.iter().filter_map(|order| Some((order.order_id, serve(stock, order, locations)?))).collect()
}

fn serve(stock: &mut StockSnapshot, order: &WaitingOrder, locations: &WarehouseLocations) -> Option<Vec<Allocation>> {
    if order.is_locked {
        for missing in &order.missing {
            stock.set_aside(&missing.sku, missing.units.get());
        }
        return None;
    }
    let missing = order.missing.iter().map(|missing| Line { sku: missing.sku.clone(), quantity: missing.units });
    let lines = available(stock, missing.collect());
    let proximities = Proximities { destination: order.destination.as_ref(), warehouses: locations };
    let allocations = allocate(order.policy, stock, &lines, &proximities).outcome.ok()?;
    (!allocations.is_empty()).then_some(allocations)
}
