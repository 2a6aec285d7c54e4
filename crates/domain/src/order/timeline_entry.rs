//! The entries of an order's timeline: one variant per kind, with its details.

use super::cancel::CancelReason;
use super::order_request::Note;
use crate::Timestamp;
use crate::ids::{OrderId, RefundId, ShipmentId};
use crate::messages::{BookedShipment, MissingUnits, Shortage};
use crate::money::Money;
use crate::product::Line;
use crate::shipment::{DeliveryException, Transport};
use crate::step_name::StepName;
use serde::Serialize;

/// A change of an order. Its kind is the variant's name in `snake_case`; its fields are the entry's detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::EnumDiscriminants)]
#[serde(untagged)]
#[strum_discriminants(
    name(EntryKind),
    derive(Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "The kind of a timeline entry, as it is stored."
)]
pub enum TimelineEntry {
    Accepted,
    StockReserved,
    StockRejected {
        shortages: Vec<Shortage>,
    },
    /// What is available is reserved, the order waits for the rest.
    Backordered {
        missing: Vec<MissingUnits>,
    },
    PaymentAuthorized {
        amount: Money,
    },
    PaymentDeclined {
        reason: String,
    },
    ShipmentsRefused {
        reason: String,
    },
    /// Everything is allocated, authorized and booked.
    Confirmed {
        shipments: Vec<BookedShipment>,
    },
    /// A step had as many attempts as its plan allows, and no reply.
    StepGivenUp {
        step: StepName,
        attempts: u32,
    },
    Cancelling {
        reason: CancelReason,
        /// Shown to staff and to its author only.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    ShipmentsCancelled,
    /// Units of lines are to be cancelled; their shipments are amended first.
    LinesCancelling {
        lines: Vec<Line>,
        reason: CancelReason,
        /// Shown to staff and to its author only.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// A shipment is amended: these units are cancelled.
    LinesCancelled {
        /// The shipment that contained them, which is cancelled.
        shipment_id: ShipmentId,
        /// The shipment of what remains.
        #[serde(skip_serializing_if = "Option::is_none")]
        replaced_by: Option<BookedShipment>,
        lines: Vec<Line>,
        /// What is not captured because of it.
        amount: Money,
        remaining: RemainingShipments,
    },
    /// The carrier has the shipment, or refuses the replacement.
    LinesNotCancelled {
        shipment_id: ShipmentId,
        lines: Vec<Line>,
        reason: String,
    },
    /// The stock of the cancelled units is released.
    StockPartlyReleased {
        /// The shipment that contained them, or the one that replaces it.
        shipment_id: ShipmentId,
    },
    PaymentVoided {
        refunded: Option<Money>,
    },
    StockReleased,
    /// A carrier already has a shipment, so the order continues.
    TooLateToCancel,
    Rejected {
        reason: String,
    },
    Cancelled,
    ShipmentHandedOver {
        shipment_id: ShipmentId,
        /// How many shipments are not handed over yet.
        remaining: usize,
        /// Set if a person entered it. It replaces carrier and tracking number of [`Self::Confirmed`].
        #[serde(skip_serializing_if = "Option::is_none")]
        transport: Option<Transport>,
    },
    ShipmentInTransit {
        shipment_id: ShipmentId,
    },
    StockShipped {
        shipment_id: ShipmentId,
    },
    /// Its units were not reserved any more.
    StockNotShipped {
        shipment_id: ShipmentId,
        reason: String,
    },
    /// The authorization is renewed.
    PaymentReauthorized {
        /// Counted from one.
        attempt: u32,
    },
    /// The gateway declined to renew the authorization, which is final for this attempt.
    PaymentReauthorizationDeclined {
        attempt: u32,
        reason: String,
    },
    PaymentCaptured {
        shipment_id: ShipmentId,
        amount: Money,
        /// How many shipments are not captured yet.
        remaining: usize,
        /// What is captured and not refunded, if the order has refunds.
        #[serde(skip_serializing_if = "Option::is_none")]
        not_refunded: Option<Money>,
    },
    /// The gateway declined the capture, which is final for this attempt.
    PaymentCaptureDeclined {
        shipment_id: ShipmentId,
        amount: Money,
        /// Counted from one.
        attempt: u32,
        reason: String,
    },
    PaymentRefunded {
        refund_id: RefundId,
        amount: Money,
        /// What is captured and not refunded.
        remaining: Money,
    },
    /// The gateway refused the refund.
    PaymentRefundRefused {
        refund_id: RefundId,
        amount: Money,
        reason: String,
    },
    /// Whether the gateway executed the refund can't be looked up any more.
    PaymentRefundUnresolved {
        refund_id: RefundId,
        amount: Money,
    },
    ShipmentDelivered {
        shipment_id: ShipmentId,
        /// How many shipments are not delivered yet.
        remaining: usize,
    },
    /// Later than promised. Recorded once per level of delay, counted from one.
    ShipmentDelayed {
        shipment_id: ShipmentId,
        level: u16,
        promised_by: Timestamp,
    },
    /// The carrier reported that something went wrong.
    ShipmentException {
        shipment_id: ShipmentId,
        exception: DeliveryException,
        occurred_at: Timestamp,
    },
    /// The carrier has a shipment that was cancelled or replaced.
    CancelledShipmentMoved {
        shipment_id: ShipmentId,
    },
    /// A person decided what becomes of an exception: the shipment goes on.
    ExceptionDismissed {
        shipment_id: ShipmentId,
        reason: String,
    },
    /// A person closed a shipment that will not arrive.
    ShipmentClosed {
        shipment_id: ShipmentId,
        reason: String,
        /// The order that sends its units again.
        #[serde(skip_serializing_if = "Option::is_none")]
        reshipped_by: Option<OrderId>,
        remaining: RemainingShipments,
    },
    AttentionRaised {
        reason: String,
    },
    AttentionCleared,
    /// An operator had the open command sent again.
    StepRetried {
        step: &'static str,
        reason: String,
    },
    /// An operator confirmed a step whose reply never arrived.
    StepMarkedDone {
        step: &'static str,
        evidence: String,
    },
    /// An operator ended the saga before its compensations were confirmed.
    SagaAbandoned {
        step: &'static str,
        reason: String,
    },
}

/// How many shipments, of those that are not cancelled, have not come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RemainingShipments {
    pub to_hand_over: usize,
    pub to_deliver: usize,
    pub to_capture: usize,
}

impl TimelineEntry {
    pub fn kind(&self) -> &'static str {
        EntryKind::from(self).into()
    }

    /// Its fields as JSON; `None` when it has none.
    pub fn detail(&self) -> Option<serde_json::Value> {
        let detail = serde_json::to_value(self).expect("entries are plain data");
        (!detail.is_null()).then_some(detail)
    }
}

/// Who may read the detail of a timeline entry. Everybody who may see the order sees that the entry exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailVisibility {
    /// Written by operators or for them.
    Admins,
    /// Admins and the customer. Not vendors, because it may name products of other vendors.
    Customer,
    /// Like [`Self::Customer`], but for the note, which admins and its author see.
    CustomerButNote,
    /// Everybody who may see the order, but for the note, which admins and its author see.
    EveryoneButNote,
}

impl EntryKind {
    /// Exhaustive, so that a new kind does not compile without a decision. A stored kind that is not known is hidden.
    pub const fn detail_visibility(self) -> DetailVisibility {
        match self {
            Self::Cancelling => DetailVisibility::EveryoneButNote,
            Self::LinesCancelling => DetailVisibility::CustomerButNote,
            Self::Accepted
            | Self::StockReserved
            | Self::StockRejected
            | Self::Backordered
            | Self::PaymentAuthorized
            | Self::PaymentDeclined
            | Self::ShipmentsRefused
            | Self::Confirmed
            | Self::StepGivenUp
            | Self::ShipmentsCancelled
            | Self::LinesCancelled
            | Self::LinesNotCancelled
            | Self::StockPartlyReleased
            | Self::PaymentVoided
            | Self::StockReleased
            | Self::TooLateToCancel
            | Self::Rejected
            | Self::Cancelled
            | Self::ShipmentHandedOver
            | Self::ShipmentInTransit
            | Self::StockShipped
            | Self::PaymentReauthorized
            | Self::PaymentCaptured
            | Self::PaymentRefunded
            | Self::ShipmentDelivered
            | Self::ShipmentDelayed
            | Self::ShipmentException
            | Self::AttentionCleared => DetailVisibility::Customer,
            Self::PaymentCaptureDeclined
            | Self::StockNotShipped
            | Self::PaymentReauthorizationDeclined
            | Self::PaymentRefundRefused
            | Self::PaymentRefundUnresolved
            | Self::CancelledShipmentMoved
            | Self::ExceptionDismissed
            | Self::ShipmentClosed
            | Self::AttentionRaised
            | Self::StepRetried
            | Self::StepMarkedDone
            | Self::SagaAbandoned => DetailVisibility::Admins,
        }
    }
}
