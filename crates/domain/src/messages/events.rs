//! Events: facts about orders, published to all subscribers.

use super::{Address, Message, MissingUnits};
use crate::Timestamp;
use crate::ids::{OrderId, ShipmentId, UserId};
use crate::money::Money;
use crate::order_status::OrderStatus;
use crate::product::Line;
use crate::shipment::DeliveryException;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumCount, strum::IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum OrderEvent {
    #[serde(rename = "order.created.v1")]
    #[strum(serialize = "order.created.v1")]
    Created(OrderCreated),
    #[serde(rename = "order.changed.v1")]
    #[strum(serialize = "order.changed.v1")]
    Changed(OrderChanged),
    #[serde(rename = "order.shipment_delayed.v1")]
    #[strum(serialize = "order.shipment_delayed.v1")]
    ShipmentDelayed(OrderShipmentDelayed),
    #[serde(rename = "order.lines_cancelled.v1")]
    #[strum(serialize = "order.lines_cancelled.v1")]
    LinesCancelled(OrderLinesCancelled),
    #[serde(rename = "order.shipment_exception.v1")]
    #[strum(serialize = "order.shipment_exception.v1")]
    ShipmentException(OrderShipmentException),
    #[serde(rename = "order.backordered.v1")]
    #[strum(serialize = "order.backordered.v1")]
    Backordered(OrderBackordered),
}

impl Message for OrderEvent {
    const ADDRESS: Address = Address::Topic;

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Created(message) => message.order_id,
            Self::Changed(message) => message.order_id,
            Self::ShipmentDelayed(message) => message.order_id,
            Self::LinesCancelled(message) => message.order_id,
            Self::ShipmentException(message) => message.order_id,
            Self::Backordered(message) => message.order_id,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCreated {
    pub order_id: OrderId,
    pub customer_id: UserId,
    pub total: Money,
}

/// The order's status changed: to confirmed, shipped, delivered, rejected, cancelling or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChanged {
    pub order_id: OrderId,
    pub from: OrderStatus,
    pub to: OrderStatus,
    /// A short code, if there is one: `out_of_stock`, `card_declined`, `customer_request`, ...
    pub reason: Option<String>,
    /// The order's version after the change; rises by one with each timeline entry.
    pub version: i32,
}

/// A shipment of the order is later than promised. Published once per level of delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipmentDelayed {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    /// Counted from one.
    pub level: u16,
    pub promised_by: Timestamp,
    /// The order's version after the delay was recorded.
    pub version: i32,
}

/// Units of the order were cancelled before they were handed over. Published once per shipment that contained them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLinesCancelled {
    pub order_id: OrderId,
    /// The shipment that contained them, which is cancelled.
    pub shipment_id: ShipmentId,
    /// The shipment of the units that remain of it, if any do.
    pub replaced_by: Option<ShipmentId>,
    pub lines: Vec<Line>,
    /// What is not captured because of it.
    pub amount: Money,
    /// The order's version after it.
    pub version: i32,
}

/// The order waits for units that are out of stock. Published once per order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBackordered {
    pub order_id: OrderId,
    pub missing: Vec<MissingUnits>,
    /// The order's version after it.
    pub version: i32,
}

/// The carrier reported that something went wrong with a shipment of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipmentException {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub exception: DeliveryException,
    pub occurred_at: Timestamp,
    /// The order's version after it.
    pub version: i32,
}
