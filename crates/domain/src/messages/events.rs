//! What the house tells whoever listens: facts about orders, in the past tense.

use super::{Address, Message};
use crate::ids::{OrderId, UserId};
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
}

impl Message for OrderEvent {
    const ADDRESS: Address = Address::Listeners;

    fn type_name(&self) -> &'static str {
        self.into()
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
