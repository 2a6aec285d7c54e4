//! What an amendment makes of a shipment, and its commands.

use super::amendment::Amendment;
use super::planned_shipment::PlannedShipment;
use crate::ids::OrderId;
use crate::messages::{AmendShipment, ReduceReservation, RemainingUnits, ShipmentRequest};
use crate::product::{Line, Quantity, Sku};

impl PlannedShipment {
    /// Every unit was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines that leave the shipment.
    pub fn leaving(&self, amendment: &Amendment) -> Vec<Line> {
        let leaving = |line: &Line| {
            let units = line.quantity.get() - units_of(&amendment.lines, &line.sku);
            Some(Line { sku: line.sku.clone(), quantity: Quantity::try_from(units).ok()? })
        };
        self.lines.iter().filter_map(leaving).collect()
    }

    /// The open amendment as a command.
    pub fn amend_command(&self, order: OrderId) -> Option<AmendShipment> {
        let amendment = self.amendment.as_ref()?;
        let replacement = (!amendment.lines.is_empty()).then(|| ShipmentRequest {
            shipment_id: self.replacement_id(order),
            warehouse_id: self.warehouse,
            vendor_id: self.vendor,
            lines: amendment.lines.clone(),
        });
        let (shipment_id, amendment) = (self.id(order), self.amendments);
        Some(AmendShipment { order_id: order, shipment_id, amendment, replacement })
    }

    /// Whether this is the amendment without a reply. The reply to an earlier one may be repeated.
    pub fn is_amending(&self, amendment: u32) -> bool {
        self.amendment.is_some() && self.amendments == amendment
    }

    /// The reduction of the reservation that has had no reply yet.
    pub fn reduce_command(&self, order: OrderId) -> Option<ReduceReservation> {
        let lines = self.reducing.clone();
        let (shipment_id, warehouse_id) = (self.id(order), self.warehouse);
        (!lines.is_empty()).then_some(ReduceReservation { order_id: order, shipment_id, warehouse_id, lines })
    }

    /// Becomes what the open amendment says. Its reservation is to be reduced then.
    pub fn amended(&mut self) -> Option<Amendment> {
        let amendment = self.amendment.take()?;
        let remaining =
            |line: &Line| RemainingUnits { sku: line.sku.clone(), units: units_of(&amendment.lines, &line.sku) };
        self.reducing = self.lines.iter().map(remaining).collect();
        self.lines.clone_from(&amendment.lines);
        self.amount = amendment.amount;
        self.revision = self.amendments;
        Some(amendment)
    }
}

fn units_of(lines: &[Line], sku: &Sku) -> u32 {
    lines.iter().filter(|line| line.sku == *sku).map(|line| line.quantity.get()).sum()
}
