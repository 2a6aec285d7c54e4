//! What shipping can be asked, and what it answers.

use super::{Address, Message, Queue};
use crate::Timestamp;
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::product::Line;
use crate::shipment::ShipmentStatus;
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
        }
    }
}

/// Book every parcel with the carrier, or none. Answered by [`ShipmentsBooked`] or [`ShipmentsRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookShipments {
    pub order_id: OrderId,
    /// One a warehouse.
    pub parcels: Vec<Parcel>,
}

/// What leaves one warehouse for one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    pub lines: Vec<Line>,
}

/// Call every parcel back. Answered by [`ShipmentsCancelled`], or, when the carrier has one already, by
/// [`ShipmentsTooLate`], and then none is called back. A booking that comes later is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelShipments {
    pub order_id: OrderId,
}

/// Say again how far each shipment is: answered by one [`ShipmentProgressed`] for each that has left the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackShipments {
    pub order_id: OrderId,
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
    /// The carrier's reason in a word: `address_not_served`, `cancelled`, ...
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

/// The shipment is not where it should be by now. Said once a level: the higher, the later it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentDelayed {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    /// Counted from one.
    pub level: u16,
    pub promised_by: Timestamp,
}

/// The carrier reported: the shipment has come this far. Reports may come twice, late, or out of order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentProgressed {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub status: ShipmentStatus,
    pub occurred_at: Timestamp,
}
