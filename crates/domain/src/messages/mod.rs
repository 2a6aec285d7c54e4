//! The only contract between slices: what each can be asked, and what each answers.
//!
//! A message travels as `{"type": "inventory.reserve.v1", "data": {...}}` inside an envelope (`messaging::envelope`).
//! Contracts change by addition only: a new member is optional, a changed meaning is a new version beside the old
//! one. Each message has a golden JSON file under `golden/`, and a test that fails when its wire form moves.

mod events;
#[cfg(test)]
mod golden;
mod inventory;
mod payments;
mod replies;
mod shipping;

pub use events::{OrderChanged, OrderCreated, OrderEvent, OrderShipmentDelayed};
pub use inventory::{
    Allocation, InventoryCommand, ReleaseStock, ReserveStock, ShipStock, Shortage, StockHeldLong, StockRejected,
    StockReleased, StockReserved, StockShipped,
};
pub use payments::{
    AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptured, PaymentCommand, PaymentDeclined,
    PaymentRefunded, PaymentVoided, RefundPayment, VoidPayment,
};
pub use replies::Reply;
pub use shipping::{
    BookShipments, BookedShipment, CancelShipments, Parcel, ShipmentCommand, ShipmentDelayed, ShipmentProgressed,
    ShipmentsBooked, ShipmentsCancelled, ShipmentsRefused, ShipmentsTooLate, TrackShipments,
};

use crate::ids::OrderId;

/// A slice's inbox on the broker: one quorum queue each.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Queue {
    /// Replies to the saga.
    Orders,
    Inventory,
    Payments,
    Shipping,
}

/// Who a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// One slice, which must be there to take it.
    Queue(Queue),
    /// Whoever listens; perhaps nobody.
    Listeners,
}

/// Something that slices say to one another.
pub trait Message: serde::Serialize {
    const ADDRESS: Address;

    /// Its type and version on the wire: `inventory.reserve.v1`.
    fn type_name(&self) -> &'static str;

    /// The order that it is about.
    fn order_id(&self) -> OrderId;
}
