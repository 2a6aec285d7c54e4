//! Values of the samples of messages.

use super::*;
use crate::ids::{OrderId, ReturnId, ShipmentId, WarehouseId};
use crate::money::Money;
use crate::product::Line;
use crate::refund::{Refundable, RefundableLine};
use uuid::Uuid;

pub fn refundable() -> Refundable {
    let (ordered_units, captured_units) = (2, 2);
    let (total_minor, tax_minor, discount_minor) = (12_997, 100, 0);
    let line = RefundableLine { line_no: 1, ordered_units, captured_units, total_minor, tax_minor, discount_minor };
    Refundable { lines: vec![line], shipping_minor: 500, captured_minor: 13_497 }
}

pub fn allocation() -> Allocation {
    let Line { sku, quantity } = line("SKU-HEADPHONES", 2);
    Allocation { warehouse_id: warehouse(), sku, quantity }
}

pub fn shortage() -> Shortage {
    Shortage { sku: "SKU-MUG".parse().unwrap(), requested: 3, available: 1 }
}

pub fn missing() -> MissingUnits {
    let Line { sku, quantity: units } = line("SKU-HEADPHONES", 1);
    MissingUnits { sku, units }
}

pub fn booked() -> BookedShipment {
    BookedShipment {
        shipment_id: shipment(),
        warehouse_id: warehouse(),
        carrier: "simulated".to_owned(),
        tracking_number: "SIM-0001".to_owned(),
        promised_by: noon(),
    }
}

pub fn line(sku: &str, quantity: u32) -> Line {
    Line { sku: sku.parse().unwrap(), quantity: quantity.try_into().unwrap() }
}

pub fn money(amount_minor: i64) -> Money {
    Money::new(amount_minor, "USD".parse().unwrap()).unwrap()
}

pub fn noon() -> crate::Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub fn order() -> OrderId {
    OrderId::from_uuid(id(1))
}

pub fn warehouse() -> WarehouseId {
    WarehouseId::from_uuid(id(2))
}

pub fn shipment() -> ShipmentId {
    ShipmentId::from_uuid(id(3))
}

pub fn returned() -> ReturnId {
    ReturnId::from_uuid(id(6))
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}
