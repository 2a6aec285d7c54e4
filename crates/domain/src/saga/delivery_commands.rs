//! The commands of a confirmed order: per shipment that its carrier has, per shipment that is amended, and while a
//! carrier does not report.

use super::command::Command;
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::messages::{
    AmendShipment, CapturePayment, InventoryCommand, PaymentCommand, ReduceReservation, ShipStock, ShipmentCommand,
    TrackShipments,
};
use crate::money::Money;
use crate::product::Sku;

pub fn capture(order_id: OrderId, shipment_id: ShipmentId, amount: Money, attempt: u32) -> Command {
    Command::Payment(PaymentCommand::Capture(CapturePayment { order_id, shipment_id, amount, attempt }))
}

pub fn ship(order_id: OrderId, shipment_id: ShipmentId, warehouse_id: WarehouseId, skus: Vec<Sku>) -> Command {
    Command::Inventory(InventoryCommand::Ship(ShipStock { order_id, shipment_id, warehouse_id, skus }))
}

pub fn track(order_id: OrderId) -> Command {
    Command::Shipment(ShipmentCommand::Track(TrackShipments { order_id }))
}

pub fn amend(amend: AmendShipment) -> Command {
    Command::Shipment(ShipmentCommand::Amend(amend))
}

pub fn reduce(reduce: ReduceReservation) -> Command {
    Command::Inventory(InventoryCommand::Reduce(reduce))
}
