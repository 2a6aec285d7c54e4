//! What returns need of an order's shipments: what was delivered, and whether it is captured.

use super::order_saga::OrderSaga;
use super::phase::{End, Phase};
use super::planned_shipment::PlannedShipment;
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::product::{Line, Sku};
use crate::shipment::Milestone;

/// A shipment that its carrier has delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredShipment {
    pub id: ShipmentId,
    pub warehouse_id: WarehouseId,
    pub lines: Vec<Line>,
}

impl OrderSaga {
    /// The delivered shipments. None of an order that is undone: its shipments were cancelled, whatever a carrier reports.
    pub fn delivered_shipments(&self, order: OrderId) -> Vec<DeliveredShipment> {
        // What a person closed was sent again or refunded, although it may have arrived.
        let delivered = |it: &&PlannedShipment| it.milestone() == Some(Milestone::Delivered) && !it.closed;
        let is_undone = !matches!(self.phase, Phase::Delivering | Phase::Ended(End::Delivered));
        let shipments = if is_undone { &[] } else { self.allocation.shipments() };
        let shipments = shipments.iter().filter(delivered);
        let delivered = shipments.map(|shipment| DeliveredShipment {
            id: shipment.id(order),
            warehouse_id: shipment.warehouse,
            lines: shipment.lines.clone(),
        });
        delivered.collect()
    }

    /// Whether a delivered shipment with one of `skus` is neither captured nor written off.
    pub fn has_open_capture_of(&self, skus: &[Sku]) -> bool {
        let shipments = self.allocation.shipments().iter();
        let mut delivered = shipments.filter(|shipment| shipment.milestone() == Some(Milestone::Delivered));
        delivered.any(|shipment| {
            !(shipment.captured || shipment.written_off) && shipment.lines.iter().any(|line| skus.contains(&line.sku))
        })
    }
}
