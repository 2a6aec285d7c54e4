//! An order, and the only writer of its state: whatever happens to it goes through [`Order::record`].

use super::derived_status::{FulfilmentStatus, PaymentStatus};
use super::status::OrderStatus;
use super::timeline_entry::Entry;
use super::transition::InvalidTransition;
use crate::ids::OrderId;
use crate::money::Money;

/// What the rules need to know of an order; its customer, lines and note are not among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub status: OrderStatus,
    pub payment: PaymentStatus,
    pub fulfilment: FulfilmentStatus,
    /// Why it was rejected, in a word, or which [`CancelReason`](super::CancelReason) cancelled it.
    pub reason: Option<String>,
    /// Why a human should look, if one should.
    pub attention: Option<String>,
    pub total: Money,
    pub payment_method: String,
    /// The number of its latest timeline entry.
    pub version: i32,
}

/// A timeline entry with its place: the order's version after it, and the order's status before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub version: i32,
    pub entry: Entry,
    /// None for the first.
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
}

impl Order {
    /// A new order, with the first entry of its timeline.
    pub fn accept(id: OrderId, total: Money, payment_method: String) -> (Self, Event) {
        let order = Self {
            id,
            status: OrderStatus::Pending,
            payment: PaymentStatus::Unpaid,
            fulfilment: FulfilmentStatus::Unallocated,
            reason: None,
            attention: None,
            total,
            payment_method,
            version: 1,
        };
        let event = Event { version: 1, entry: Entry::Accepted, from: None, to: order.status };
        (order, event)
    }

    /// The order after `entry`, and the entry with its place in the timeline.
    pub fn record(self, entry: Entry) -> Result<(Self, Event), InvalidTransition> {
        let from = self.status;
        let mut order = self.after(&entry)?;
        order.version += 1;
        let event = Event { version: order.version, entry, from: Some(from), to: order.status };
        Ok((order, event))
    }

    fn after(self, entry: &Entry) -> Result<Self, InvalidTransition> {
        let status = self.status_after(entry)?.unwrap_or(self.status);
        let reason = match entry {
            Entry::Cancelling { reason, .. } => Some(reason.to_string()),
            Entry::Rejected { reason } => Some(reason.clone()),
            Entry::TooLateToCancel => None,
            _ => self.reason,
        };
        let attention = match entry {
            Entry::AttentionRaised { reason } => Some(reason.clone()),
            Entry::AttentionCleared => None,
            _ => self.attention,
        };
        let payment = payment_after(entry).unwrap_or(self.payment);
        let fulfilment = fulfilment_after(entry).unwrap_or(self.fulfilment);
        Ok(Self { status, payment, fulfilment, reason, attention, ..self })
    }

    fn status_after(&self, entry: &Entry) -> Result<super::Applied<OrderStatus>, InvalidTransition> {
        let status = self.status;
        match entry {
            Entry::Confirmed { .. } => status.confirm(),
            Entry::Cancelling { .. } => status.begin_cancelling(),
            Entry::TooLateToCancel if self.fulfilment == FulfilmentStatus::Booked => status.resume_confirmed(),
            Entry::TooLateToCancel => status.resume_pending(),
            Entry::Rejected { .. } => status.reject(),
            Entry::Cancelled => status.finish_cancelling(),
            Entry::ShipmentHandedOver { .. } => status.ship(),
            Entry::ShipmentDelivered { remaining: 0, .. } => status.deliver(),
            _ => Ok(super::Applied::Already),
        }
    }
}

fn payment_after(entry: &Entry) -> Option<PaymentStatus> {
    match entry {
        Entry::PaymentAuthorized { .. } => Some(PaymentStatus::Authorized),
        Entry::PaymentDeclined { .. } => Some(PaymentStatus::Declined),
        Entry::PaymentVoided { refunded: None } => Some(PaymentStatus::Voided),
        Entry::PaymentVoided { refunded: Some(_) } => Some(PaymentStatus::Refunded),
        Entry::PaymentCaptured { remaining: 0, .. } => Some(PaymentStatus::Captured),
        Entry::PaymentCaptured { .. } => Some(PaymentStatus::PartlyCaptured),
        _ => None,
    }
}

fn fulfilment_after(entry: &Entry) -> Option<FulfilmentStatus> {
    match entry {
        Entry::StockReserved | Entry::ShipmentsCancelled => Some(FulfilmentStatus::Allocated),
        Entry::Confirmed { .. } => Some(FulfilmentStatus::Booked),
        Entry::StockReleased => Some(FulfilmentStatus::Released),
        Entry::ShipmentHandedOver { remaining: 0, .. } => Some(FulfilmentStatus::Shipped),
        Entry::ShipmentHandedOver { .. } => Some(FulfilmentStatus::PartlyShipped),
        Entry::ShipmentDelivered { remaining: 0, .. } => Some(FulfilmentStatus::Delivered),
        _ => None,
    }
}
