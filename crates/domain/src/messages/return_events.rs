//! Events: facts about returns, published to all subscribers.

use super::{Address, Message};
use crate::ids::{OrderId, RefundId, ReturnId, UserId, WarehouseId};
use crate::money::Money;
use crate::product::{Quantity, Sku};
use crate::return_reason::ReturnReason;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumCount, strum::IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum ReturnEvent {
    #[serde(rename = "return.requested.v1")]
    #[strum(serialize = "return.requested.v1")]
    Requested(ReturnRequested),
    #[serde(rename = "return.received.v1")]
    #[strum(serialize = "return.received.v1")]
    Received(ReturnReceived),
    #[serde(rename = "return.refunded.v1")]
    #[strum(serialize = "return.refunded.v1")]
    Refunded(ReturnRefunded),
}

impl Message for ReturnEvent {
    const ADDRESS: Address = Address::Topic;

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Requested(message) => message.order_id,
            Self::Received(message) => message.order_id,
            Self::Refunded(message) => message.order_id,
        }
    }
}

/// A customer wants to return units of one vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequested {
    pub order_id: OrderId,
    pub return_id: ReturnId,
    pub customer_id: UserId,
    pub vendor_id: UserId,
    pub reason: ReturnReason,
    pub lines: Vec<RequestedLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedLine {
    pub line_no: i16,
    pub sku: Sku,
    pub quantity: Quantity,
}

/// A return arrived and was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnReceived {
    pub order_id: OrderId,
    pub return_id: ReturnId,
    pub warehouse_id: WarehouseId,
    pub lines: Vec<ReceivedLine>,
}

/// The units of a line by their condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedLine {
    pub line_no: i16,
    pub sku: Sku,
    pub resellable: u32,
    pub damaged: u32,
    pub missing: u32,
}

/// What was received of a return is refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRefunded {
    pub order_id: OrderId,
    pub return_id: ReturnId,
    pub refund_id: RefundId,
    pub amount: Money,
}
