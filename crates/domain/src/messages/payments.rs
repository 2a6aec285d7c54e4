//! The commands to payments, and their replies.

use super::{Address, Message, Queue};
use crate::ids::{OrderId, RefundId, ShipmentId, UserId};
use crate::money::Money;
use crate::refund::{LineUnits, RefundReason, Refundable};
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
    #[serde(rename = "payment.refund_lines.v1")]
    #[strum(serialize = "payment.refund_lines.v1")]
    RefundLines(RefundLines),
    #[serde(rename = "payment.write_off.v1")]
    #[strum(serialize = "payment.write_off.v1")]
    WriteOff(WriteOffPayment),
    #[serde(rename = "payment.reauthorize.v1")]
    #[strum(serialize = "payment.reauthorize.v1")]
    Reauthorize(ReauthorizePayment),
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
            Self::RefundLines(message) => message.order_id,
            Self::WriteOff(message) => message.order_id,
            Self::Reauthorize(message) => message.order_id,
        }
    }
}

/// Authorizes `amount`. Replies: [`PaymentAuthorized`] or [`PaymentDeclined`]; a repeated command gets the same reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizePayment {
    pub order_id: OrderId,
    pub amount: Money,
    /// A payment method of the gateway: `sim_ok`, ...
    pub method: String,
    /// Whose order it is, so that unanswered calls for one customer leave capacity to the others. `None` in messages of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
}

/// Releases the authorization, and refunds what was captured. Reply: always [`PaymentVoided`]. A later
/// [`AuthorizePayment`] is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidPayment {
    pub order_id: OrderId,
}

/// Captures `amount` for one shipment, once. Replies: [`PaymentCaptured`] or [`PaymentCaptureDeclined`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturePayment {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
    /// Counted from one: a declined capture is attempted again under another key. Absent in earlier versions.
    #[serde(default = "first_attempt", skip_serializing_if = "is_first_attempt")]
    pub attempt: u32,
}

/// Refunds `amount`, once per `cause`. Replies: [`PaymentRefunded`], [`PaymentRefundRefused`] or
/// [`PaymentRefundUnresolved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPayment {
    pub order_id: OrderId,
    /// Identifies the refund among the order's refunds: two commands with one cause refund once.
    pub cause: String,
    pub amount: Money,
}

/// Requests a refund of units, once per `refund_id`: what of them is captured and not refunded yet. Replies: those to the
/// [`RefundPayment`] that it becomes, or [`PaymentRefundLinesRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLines {
    pub order_id: OrderId,
    pub refund_id: RefundId,
    pub reason: RefundReason,
    /// Each line once.
    pub units: Vec<LineUnits>,
    /// The order as refunds see it. Payments do not know its lines.
    pub order: Refundable,
}

/// Records that a person gave up the declined capture of `amount`. Reply: [`PaymentWrittenOff`], or [`PaymentCaptured`] if
/// the gateway captured it after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOffPayment {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
    /// The declined attempt.
    pub attempt: u32,
}

/// Renews the authorization of what is not captured yet, once per attempt. Replies: [`PaymentReauthorized`] or
/// [`PaymentReauthorizationDeclined`]; the latter also for a payment that is voided or completely captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReauthorizePayment {
    pub order_id: OrderId,
    /// Counted from one: a declined attempt is repeated under another key.
    pub attempt: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAuthorized {
    pub order_id: OrderId,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDeclined {
    pub order_id: OrderId,
    /// The gateway's reason as a short code: `card_declined`, `insufficient_funds`, `voided` ...
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentVoided {
    pub order_id: OrderId,
    /// The amount that the void refunded because it had been captured before.
    pub refunded: Option<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
}

/// The gateway declined a capture, which is final for this attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptureDeclined {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
    #[serde(default = "first_attempt", skip_serializing_if = "is_first_attempt")]
    pub attempt: u32,
    /// The gateway's reason as a short code.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentWrittenOff {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReauthorized {
    pub order_id: OrderId,
    pub attempt: u32,
}

/// The gateway declined to renew the authorization, which is final for this attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReauthorizationDeclined {
    pub order_id: OrderId,
    pub attempt: u32,
    /// The gateway's reason as a short code.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    pub order_id: OrderId,
    pub cause: String,
    pub amount: Money,
}

/// The gateway refused a refund, which is final for its `cause`, or a person found out that it was never executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefundRefused {
    pub order_id: OrderId,
    pub cause: String,
    pub amount: Money,
    /// The gateway's reason as a short code.
    pub reason: String,
    /// A person knows of it, so it raises no attention.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_acknowledged: bool,
}

/// The outcome of a refund is unknown, and can't be looked up at the gateway any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefundUnresolved {
    pub order_id: OrderId,
    pub cause: String,
    pub amount: Money,
}

/// No refund was requested from the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefundLinesRefused {
    pub order_id: OrderId,
    pub refund_id: RefundId,
    /// A short text for people.
    pub reason: String,
    /// Nothing is left to refund. Otherwise the same command may succeed later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
}

const fn first_attempt() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_first_attempt(attempt: &u32) -> bool {
    *attempt == 1
}
