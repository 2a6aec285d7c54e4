//! The only contract between slices: their commands, replies and events.
//!
//! A message is sent as `{"type": "inventory.reserve.v1", "data": {...}}` inside an envelope (`messaging::envelope`).
//! Contracts change by addition only: a new member is optional, and a changed meaning is a new version next to the old
//! one. Each message has a golden JSON file under `golden/`, and a test that fails when its wire form changes.

mod events;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod golden_values;
mod inventory;
mod payments;
mod replies;
mod return_events;
mod shipping;

pub use events::{
    OrderBackordered, OrderChanged, OrderCreated, OrderEvent, OrderLinesCancelled, OrderShipmentDelayed,
    OrderShipmentException,
};
pub use inventory::{
    Allocation, InventoryCommand, MissingUnits, ReduceReservation, ReleaseStock, RemainingUnits, ReservationReduced,
    ReservationStale, ReserveLine, ReserveStock, RestockReturn, ReturnRestocked, ShipStock, Shortage, StockBackordered,
    StockNotShipped, StockRejected, StockReleased, StockReserved, StockShipped,
};
pub use payments::{
    AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptureDeclined, PaymentCaptured, PaymentCommand,
    PaymentDeclined, PaymentReauthorizationDeclined, PaymentReauthorized, PaymentRefundLinesRefused,
    PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, PaymentVoided, PaymentWrittenOff,
    ReauthorizePayment, RefundLines, RefundPayment, VoidPayment, WriteOffPayment,
};
pub use replies::Reply;
pub use return_events::{ReceivedLine, RequestedLine, ReturnEvent, ReturnReceived, ReturnRefunded, ReturnRequested};
pub use shipping::{
    AmendShipment, BookShipments, BookedShipment, CancelShipments, ShipmentAmended, ShipmentCommand, ShipmentDelayed,
    ShipmentException, ShipmentNotAmended, ShipmentProgressed, ShipmentRequest, ShipmentsBooked, ShipmentsCancelled,
    ShipmentsRefused, ShipmentsTooLate, TrackShipments,
};

use crate::ids::OrderId;

crate::string_enum! {
    /// The queue of a slice's consumer: one quorum queue each.
    #[derive(PartialOrd, Ord)]
    pub enum Queue {
        /// Replies to the saga.
        Orders,
        Inventory,
        Payments,
        Shipping,
    }
}

/// Message types with another name than in an earlier version.
const RENAMED_TYPES: &[(&str, &str)] = &[("inventory.held_long.v1", "inventory.reservation_stale.v1")];

/// The present name of a message type. Messages that were published under an old name may still be in a queue.
pub fn present_type_name(name: &str) -> &str {
    RENAMED_TYPES.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// Where a message is published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// The queue of one slice, which must exist.
    Queue(Queue),
    /// The topic exchange of events, which may have no subscribers.
    Topic,
}

/// A command, reply or event.
pub trait Message: serde::Serialize {
    const ADDRESS: Address;

    /// Its type and version on the wire: `inventory.reserve.v1`.
    fn type_name(&self) -> &'static str;

    /// The order that the message belongs to.
    fn order_id(&self) -> OrderId;

    /// The slice that publishes it, named by its queue. The saga publishes all commands and events.
    fn publisher(&self) -> Queue {
        Queue::Orders
    }
}
