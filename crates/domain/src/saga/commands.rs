//! Builds the commands of the saga: each step's command, its compensation, and the commands of a delivery.

use super::allocation::{PlannedShipment, SagaAllocation, booking};
use super::plan::StepName;
use super::transition::Command;
use crate::ids::OrderId;
use crate::messages::{
    AuthorizePayment, CancelShipments, CapturePayment, InventoryCommand, Message as _, PaymentCommand, ReleaseStock,
    Reply, ReserveStock, ShipStock, ShipmentCommand, TrackShipments, VoidPayment,
};
use crate::order::Order;

pub(super) fn step(step: StepName, order: &Order, allocation: &SagaAllocation) -> Command {
    match step {
        StepName::ReserveStock => {
            let lines = allocation.lines();
            Command::Inventory(InventoryCommand::Reserve(ReserveStock { order_id: order.id, lines }))
        }
        StepName::AuthorizePayment => Command::Payment(PaymentCommand::Authorize(AuthorizePayment {
            order_id: order.id,
            amount: order.total,
            method: order.payment_method.clone(),
        })),
        StepName::BookShipments => Command::Shipment(ShipmentCommand::Book(booking(order.id, allocation.shipments()))),
    }
}

pub(super) fn undo(step: StepName, order_id: OrderId) -> Command {
    match step {
        StepName::ReserveStock => Command::Inventory(InventoryCommand::Release(ReleaseStock { order_id })),
        StepName::AuthorizePayment => Command::Payment(PaymentCommand::Void(VoidPayment { order_id })),
        StepName::BookShipments => Command::Shipment(ShipmentCommand::Cancel(CancelShipments { order_id })),
    }
}

/// The compensation for the step that `reply` reports as done. For replies about an order that does not exist: no saga
/// would ever undo their steps.
pub fn undo_of(reply: &Reply) -> Option<Command> {
    let step = match reply {
        Reply::StockReserved(_) | Reply::ReservationStale(_) => StepName::ReserveStock,
        Reply::PaymentAuthorized(_) | Reply::PaymentCaptured(_) => StepName::AuthorizePayment,
        Reply::ShipmentsBooked(_) => StepName::BookShipments,
        Reply::StockRejected(_)
        | Reply::StockReleased(_)
        | Reply::StockShipped(_)
        | Reply::PaymentDeclined(_)
        | Reply::PaymentVoided(_)
        | Reply::PaymentRefunded(_)
        | Reply::ShipmentsRefused(_)
        | Reply::ShipmentsCancelled(_)
        | Reply::ShipmentsTooLate(_)
        | Reply::ShipmentProgressed(_)
        | Reply::ShipmentDelayed(_) => return None,
    };
    Some(undo(step, reply.order_id()))
}

pub(super) fn track(order_id: OrderId) -> Command {
    Command::Shipment(ShipmentCommand::Track(TrackShipments { order_id }))
}

pub(super) fn capture(order: &Order, shipment: &PlannedShipment) -> Command {
    Command::Payment(PaymentCommand::Capture(CapturePayment {
        order_id: order.id,
        shipment_id: shipment.id(order.id),
        amount: shipment.money(order.total.currency),
    }))
}

pub(super) fn ship(order: &Order, shipment: &PlannedShipment) -> Command {
    Command::Inventory(InventoryCommand::Ship(ShipStock {
        order_id: order.id,
        shipment_id: shipment.id(order.id),
        warehouse_id: shipment.warehouse,
    }))
}
