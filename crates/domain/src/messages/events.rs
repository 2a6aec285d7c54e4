//! What the house tells whoever listens: facts about orders, in the past tense.

use super::{Address, Message};
use crate::Timestamp;
use crate::ids::{OrderId, ShipmentId, UserId};
use crate::money::Money;
use crate::order::OrderStatus;
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
}

impl Message for OrderEvent {
    const ADDRESS: Address = Address::Listeners;

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Created(message) => message.order_id,
            Self::Changed(message) => message.order_id,
            Self::ShipmentDelayed(message) => message.order_id,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCreated {
    pub order_id: OrderId,
    pub customer_id: UserId,
    pub total: Money,
}

/// The order's status moved: confirmed, shipped, delivered, rejected, cancelling, cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChanged {
    pub order_id: OrderId,
    pub from: OrderStatus,
    pub to: OrderStatus,
    /// In a word, when there is one: `out_of_stock`, `card_declined`, `customer_request`, ...
    pub reason: Option<String>,
    /// The order's version after the move; rises by one with each.
    pub version: i32,
}

/// A shipment of the order is later than promised; told once a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipmentDelayed {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    /// Counted from one.
    pub level: u16,
    pub promised_by: Timestamp,
    /// The order's version after it was told.
    pub version: i32,
}
