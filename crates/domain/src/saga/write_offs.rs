//! Write-offs: a person gives up a declined capture. The command is repeated until payments have recorded it.

use super::command::Command;
use super::order_saga::OrderSaga;
use super::planned_shipment::PlannedShipment;
use super::transition::Transition;
use crate::applied::Applied;
use crate::ids::ShipmentId;
use crate::messages::{PaymentCommand, PaymentWrittenOff, WriteOffPayment};
use crate::order::Order;

impl OrderSaga {
    /// Gives up a declined capture. What is written off is not captured, so it can't be refunded.
    pub(super) fn write_off(mut self, order: &Order, shipment: ShipmentId) -> Applied<Transition> {
        let reason_before = self.attention_reason(order.id);
        let written_off = self.allocation.shipment_mut(order.id, shipment).and_then(PlannedShipment::write_off);
        let Some(written_off) = written_off else { return Applied::Unchanged };
        let transition = Transition::of(self.with_attempts_reset()).send_write_off(order, &written_off);
        Applied::Changed(transition.update_attention(order, reason_before.as_ref()).end_if_done(order))
    }

    /// Payments have recorded the write-off.
    pub(super) fn on_written_off(mut self, order: &Order, reply: &PaymentWrittenOff) -> Applied<Transition> {
        let cleared = self.attention_cleared(order);
        let shipment = self.allocation.shipment_mut(order.id, reply.shipment_id);
        let Some(shipment) = shipment.filter(|shipment| shipment.write_off_open) else {
            return Applied::Unchanged;
        };
        shipment.write_off_open = false;
        let transition = Transition::of(self.with_attempts_reset()).record_first(cleared);
        Applied::Changed(transition.end_if_done(order))
    }
}

impl Transition {
    pub(super) fn send_write_off(self, order: &Order, shipment: &PlannedShipment) -> Self {
        if !shipment.write_off_open {
            return self;
        }
        let (order_id, shipment_id) = (order.id, shipment.id(order.id));
        let (amount, attempt) = (shipment.money(order.total.currency), shipment.capture_attempt());
        let write_off = WriteOffPayment { order_id, shipment_id, amount, attempt };
        self.send(Command::Payment(PaymentCommand::WriteOff(write_off)))
    }
}
