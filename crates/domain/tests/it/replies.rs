//! The replies of the slices to the order of [`crate::script`].

use crate::script::{TOTAL_MINOR, allocation, booked_as, first, noon, order_id, second, shipment, usd};
use domain::ids::{RefundId, ShipmentId, WarehouseId};
use domain::messages::*;
use domain::money::Money;
use domain::refund::RefundCause;
use domain::shipment::{ShipmentStatus, Transport};
use uuid::Uuid;

pub fn reserved() -> Reply {
    reserved_of(vec![allocation(first(), "SKU-HEADPHONES", 2), allocation(second(), "SKU-MUG", 1)])
}

pub fn reserved_of(allocations: Vec<Allocation>) -> Reply {
    Reply::StockReserved(StockReserved { order_id: order_id(), allocations })
}

pub fn out_of_stock() -> Reply {
    let shortage = Shortage { sku: "SKU-MUG".parse().expect("a valid fixture"), requested: 1, available: 0 };
    Reply::StockRejected(StockRejected { order_id: order_id(), shortages: vec![shortage] })
}

/// The order waits for so many headphones.
pub fn backordered(units: u32) -> Reply {
    let (sku, units) = ("SKU-HEADPHONES".parse().expect("a valid fixture"), units.try_into().expect("a valid fixture"));
    Reply::StockBackordered(StockBackordered { order_id: order_id(), missing: vec![MissingUnits { sku, units }] })
}

pub fn released() -> Reply {
    Reply::StockReleased(StockReleased { order_id: order_id() })
}

pub fn stock_shipped(warehouse: WarehouseId) -> Reply {
    stock_shipped_of(shipment(warehouse))
}

pub fn stock_shipped_of(shipment_id: ShipmentId) -> Reply {
    Reply::StockShipped(StockShipped { order_id: order_id(), shipment_id })
}

pub fn authorized() -> Reply {
    Reply::PaymentAuthorized(PaymentAuthorized { order_id: order_id(), amount: usd(TOTAL_MINOR) })
}

pub fn declined() -> Reply {
    Reply::PaymentDeclined(PaymentDeclined { order_id: order_id(), reason: "card_declined".to_owned() })
}

pub fn voided() -> Reply {
    Reply::PaymentVoided(PaymentVoided { order_id: order_id(), refunded: None })
}

pub fn captured(warehouse: WarehouseId, amount_minor: i64) -> Reply {
    captured_of(shipment(warehouse), usd(amount_minor))
}

pub fn captured_of(shipment_id: ShipmentId, amount: Money) -> Reply {
    Reply::PaymentCaptured(PaymentCaptured { order_id: order_id(), shipment_id, amount })
}

pub fn capture_declined(warehouse: WarehouseId, amount_minor: i64, attempt: u32) -> Reply {
    let (order_id, shipment_id, amount) = (order_id(), shipment(warehouse), usd(amount_minor));
    let reason = "expired".to_owned();
    Reply::PaymentCaptureDeclined(PaymentCaptureDeclined { order_id, shipment_id, amount, attempt, reason })
}

pub fn reauthorized(attempt: u32) -> Reply {
    Reply::PaymentReauthorized(PaymentReauthorized { order_id: order_id(), attempt })
}

pub fn reauthorization_declined(attempt: u32) -> Reply {
    let reason = "card_declined".to_owned();
    let declined = PaymentReauthorizationDeclined { order_id: order_id(), attempt, reason };
    Reply::PaymentReauthorizationDeclined(declined)
}

pub fn stock_not_shipped(warehouse: WarehouseId) -> Reply {
    let (order_id, shipment_id) = (order_id(), shipment(warehouse));
    Reply::StockNotShipped(StockNotShipped { order_id, shipment_id, reason: "it was released".to_owned() })
}

pub fn written_off(warehouse: WarehouseId, amount_minor: i64) -> Reply {
    let (order_id, shipment_id, amount) = (order_id(), shipment(warehouse), usd(amount_minor));
    Reply::PaymentWrittenOff(PaymentWrittenOff { order_id, shipment_id, amount })
}

/// The cause of an attempt of the refund with this number.
fn cause(number: u128, attempt: u32) -> String {
    RefundCause { refund: RefundId::from_uuid(Uuid::from_u128(number)), attempt }.to_string()
}

pub fn refunded(number: u128, amount_minor: i64) -> Reply {
    let (order_id, cause, amount) = (order_id(), cause(number, 1), usd(amount_minor));
    Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })
}

pub fn refund_refused(number: u128, attempt: u32, is_acknowledged: bool) -> Reply {
    let (order_id, cause, amount, reason) = (order_id(), cause(number, attempt), usd(1), "expired".to_owned());
    Reply::PaymentRefundRefused(PaymentRefundRefused { order_id, cause, amount, reason, is_acknowledged })
}

pub fn refund_unresolved(number: u128) -> Reply {
    let (order_id, cause, amount) = (order_id(), cause(number, 1), usd(1));
    Reply::PaymentRefundUnresolved(PaymentRefundUnresolved { order_id, cause, amount })
}

pub fn booked() -> Reply {
    booked_of([first(), second()].map(|warehouse| booked_as(shipment(warehouse), warehouse)).into())
}

pub fn booked_of(shipments: Vec<BookedShipment>) -> Reply {
    Reply::ShipmentsBooked(ShipmentsBooked { order_id: order_id(), shipments })
}

pub fn shipping_refused() -> Reply {
    Reply::ShipmentsRefused(ShipmentsRefused { order_id: order_id(), reason: "address_not_served".to_owned() })
}

pub fn shipments_cancelled() -> Reply {
    Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: order_id() })
}

pub fn too_late() -> Reply {
    Reply::ShipmentsTooLate(ShipmentsTooLate { order_id: order_id() })
}

pub fn progressed(warehouse: WarehouseId, status: ShipmentStatus) -> Reply {
    progressed_with(shipment(warehouse), status, None)
}

pub fn progressed_with(shipment_id: ShipmentId, status: ShipmentStatus, transport: Option<Transport>) -> Reply {
    let order_id = order_id();
    Reply::ShipmentProgressed(ShipmentProgressed {
        order_id,
        shipment_id,
        status,
        occurred_at: noon(),
        transport,
        is_cancelled: false,
    })
}

pub fn amended(warehouse: WarehouseId, replacement: Option<BookedShipment>) -> Reply {
    amended_by(1, warehouse, replacement)
}

pub fn amended_by(amendment: u32, warehouse: WarehouseId, replacement: Option<BookedShipment>) -> Reply {
    let (order_id, shipment_id) = (order_id(), shipment(warehouse));
    Reply::ShipmentAmended(ShipmentAmended { order_id, shipment_id, amendment, replacement })
}

pub fn not_amended(warehouse: WarehouseId, reason: &str) -> Reply {
    let (order_id, shipment_id, reason) = (order_id(), shipment(warehouse), reason.to_owned());
    Reply::ShipmentNotAmended(ShipmentNotAmended { order_id, shipment_id, amendment: 1, reason })
}

pub fn reduced(shipment_id: ShipmentId) -> Reply {
    Reply::ReservationReduced(ReservationReduced { order_id: order_id(), shipment_id })
}

pub fn delayed(warehouse: WarehouseId, level: u16) -> Reply {
    let (order_id, shipment_id) = (order_id(), shipment(warehouse));
    Reply::ShipmentDelayed(ShipmentDelayed { order_id, shipment_id, level, promised_by: noon() })
}

pub fn reservation_stale() -> Reply {
    Reply::ReservationStale(ReservationStale { order_id: order_id(), held_since: noon() })
}
