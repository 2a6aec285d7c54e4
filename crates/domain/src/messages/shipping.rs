//! The commands to shipping, and its replies.

use super::{Address, Message, Queue};
use crate::Timestamp;
use crate::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use crate::product::Line;
use crate::shipment::{DeliveryException, ShipmentStatus, Transport};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumCount, strum::IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum ShipmentCommand {
    #[serde(rename = "shipment.book.v1")]
    #[strum(serialize = "shipment.book.v1")]
    Book(BookShipments),
    #[serde(rename = "shipment.cancel.v1")]
    #[strum(serialize = "shipment.cancel.v1")]
    Cancel(CancelShipments),
    #[serde(rename = "shipment.track.v1")]
    #[strum(serialize = "shipment.track.v1")]
    Track(TrackShipments),
    #[serde(rename = "shipment.amend.v1")]
    #[strum(serialize = "shipment.amend.v1")]
    Amend(AmendShipment),
}

impl Message for ShipmentCommand {
    const ADDRESS: Address = Address::Queue(Queue::Shipping);

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Book(message) => message.order_id,
            Self::Cancel(message) => message.order_id,
            Self::Track(message) => message.order_id,
            Self::Amend(message) => message.order_id,
        }
    }
}

/// Books every shipment with the carrier, or none. Replies: [`ShipmentsBooked`] or [`ShipmentsRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookShipments {
    pub order_id: OrderId,
    /// One per warehouse and vendor.
    /// `parcels` in messages of earlier versions.
    #[serde(alias = "parcels")]
    pub shipments: Vec<ShipmentRequest>,
    /// Whether the order has an address or a contact for the carrier. Shipping looks them up when it calls the carrier: a
    /// message never contains them, so neither the broker nor a dead letter does. Absent in messages of earlier versions.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_recipient: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A shipment to book: the lines of one vendor that leave one warehouse for one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentRequest {
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    /// Who sells its lines. Absent in messages of earlier versions, whose shipments may have several vendors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<UserId>,
    pub lines: Vec<Line>,
}

/// Cancels every shipment. Reply: [`ShipmentsCancelled`], or, when the carrier already has one, [`ShipmentsTooLate`],
/// and then none is cancelled. A later [`BookShipments`] is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelShipments {
    pub order_id: OrderId,
}

/// Requests the current status. Replies: one [`ShipmentProgressed`] for each shipment that is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackShipments {
    pub order_id: OrderId,
}

/// Replaces a booked shipment with one of fewer units, or cancels it if no unit remains. Replies: [`ShipmentAmended`], or
/// [`ShipmentNotAmended`], and then nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendShipment {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    /// Which amendment of this shipment it is, counted from one; its replies name it.
    pub amendment: u32,
    /// The shipment of the remaining units, with an id of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<ShipmentRequest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentsBooked {
    pub order_id: OrderId,
    pub shipments: Vec<BookedShipment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedShipment {
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    pub carrier: String,
    pub tracking_number: String,
    pub promised_by: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentsRefused {
    pub order_id: OrderId,
    /// The carrier's reason as a short code: `address_not_served`, `cancelled`, ...
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentsCancelled {
    pub order_id: OrderId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentsTooLate {
    pub order_id: OrderId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentAmended {
    pub order_id: OrderId,
    /// The shipment that is cancelled.
    pub shipment_id: ShipmentId,
    pub amendment: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<BookedShipment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentNotAmended {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amendment: u32,
    /// `handed_over`, or the carrier's reason for refusing the replacement, as a short code.
    pub reason: String,
}

/// The shipment is later than promised. Sent once per level: the higher the level, the longer the delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentDelayed {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    /// Counted from one.
    pub level: u16,
    pub promised_by: Timestamp,
}

/// The carrier reported the shipment's status. Reports may be duplicated, late or out of order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentProgressed {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub status: ShipmentStatus,
    pub occurred_at: Timestamp,
    /// Set if a person entered it. It replaces the carrier and the tracking number of the booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The shipment is cancelled, but moves.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_cancelled: bool,
}

/// The carrier reported that something went wrong with the shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentException {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub exception: DeliveryException,
    pub occurred_at: Timestamp,
    /// The shipment is cancelled, so that it can't be the carrier's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_cancelled: bool,
}
