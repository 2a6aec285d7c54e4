//! The questions, as messages: each step's command and its undo.

use super::allocation::{Goods, Parcel, booking};
use super::plan::StepName;
use super::transition::Ask;
use crate::ids::OrderId;
use crate::messages::{
    AuthorizePayment, CancelShipments, CapturePayment, InventoryCommand, Message as _, PaymentCommand, ReleaseStock,
    Reply, ReserveStock, ShipStock, ShipmentCommand, TrackShipments, VoidPayment,
};
use crate::order::Order;

pub(super) fn step(step: StepName, order: &Order, goods: &Goods) -> Ask {
    match step {
        StepName::ReserveStock => {
            Ask::Inventory(InventoryCommand::Reserve(ReserveStock { order_id: order.id, lines: goods.lines() }))
        }
        StepName::AuthorizePayment => Ask::Payment(PaymentCommand::Authorize(AuthorizePayment {
            order_id: order.id,
            amount: order.total,
            method: order.payment_method.clone(),
        })),
        StepName::BookShipments => Ask::Shipment(ShipmentCommand::Book(booking(order.id, goods.parcels()))),
    }
}

pub(super) fn undo(step: StepName, order_id: OrderId) -> Ask {
    match step {
        StepName::ReserveStock => Ask::Inventory(InventoryCommand::Release(ReleaseStock { order_id })),
        StepName::AuthorizePayment => Ask::Payment(PaymentCommand::Void(VoidPayment { order_id })),
        StepName::BookShipments => Ask::Shipment(ShipmentCommand::Cancel(CancelShipments { order_id })),
    }
}

/// What takes back the step that `reply` reports as done, for an order that does not exist: nobody else ever would.
pub fn undo_of(reply: &Reply) -> Option<Ask> {
    let step = match reply {
        Reply::StockReserved(_) | Reply::StockHeldLong(_) => StepName::ReserveStock,
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

pub(super) fn track(order_id: OrderId) -> Ask {
    Ask::Shipment(ShipmentCommand::Track(TrackShipments { order_id }))
}

pub(super) fn capture(order: &Order, parcel: &Parcel) -> Ask {
    Ask::Payment(PaymentCommand::Capture(CapturePayment {
        order_id: order.id,
        shipment_id: parcel.shipment(order.id),
        amount: parcel.money(order.total.currency),
    }))
}

pub(super) fn deduct(order: &Order, parcel: &Parcel) -> Ask {
    Ask::Inventory(InventoryCommand::Ship(ShipStock {
        order_id: order.id,
        shipment_id: parcel.shipment(order.id),
        warehouse_id: parcel.warehouse,
    }))
}
