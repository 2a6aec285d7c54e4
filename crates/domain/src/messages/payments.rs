//! What payments can be asked, and what they answer.

use super::{Address, Message, Queue};
use crate::ids::{OrderId, ShipmentId};
use crate::money::Money;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumCount, strum::IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum PaymentCommand {
    #[serde(rename = "payment.authorize.v1")]
    #[strum(serialize = "payment.authorize.v1")]
    Authorize(AuthorizePayment),
    #[serde(rename = "payment.void.v1")]
    #[strum(serialize = "payment.void.v1")]
    Void(VoidPayment),
    #[serde(rename = "payment.capture.v1")]
    #[strum(serialize = "payment.capture.v1")]
    Capture(CapturePayment),
    #[serde(rename = "payment.refund.v1")]
    #[strum(serialize = "payment.refund.v1")]
    Refund(RefundPayment),
}

impl Message for PaymentCommand {
    const ADDRESS: Address = Address::Queue(Queue::Payments);

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Authorize(message) => message.order_id,
            Self::Void(message) => message.order_id,
            Self::Capture(message) => message.order_id,
            Self::Refund(message) => message.order_id,
        }
    }
}

/// Set `amount` aside. Answered by [`PaymentAuthorized`] or [`PaymentDeclined`]; asked again, by the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizePayment {
    pub order_id: OrderId,
    pub amount: Money,
    /// The name of a payment method that a gateway knows: `sim_ok`, ...
    pub method: String,
}

/// Let go of whatever is set aside, and give back whatever was taken. Always answered by [`PaymentVoided`]; an
/// authorization that comes later is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidPayment {
    pub order_id: OrderId,
}

/// Take `amount` for one shipment, once. Answered by [`PaymentCaptured`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturePayment {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
}

/// Give `amount` back, once a `cause`. Answered by [`PaymentRefunded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPayment {
    pub order_id: OrderId,
    /// Names the refund among the order's: asked twice with one cause, it is paid once.
    pub cause: String,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAuthorized {
    pub order_id: OrderId,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDeclined {
    pub order_id: OrderId,
    /// The gateway's reason in a word: `card_declined`, `insufficient_funds`, `voided` ...
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentVoided {
    pub order_id: OrderId,
    /// What was given back because it had been captured before.
    pub refunded: Option<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    pub order_id: OrderId,
    pub cause: String,
    pub amount: Money,
}
