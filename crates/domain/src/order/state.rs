//! An order, whose state changes only through [`Order::record`].

use super::derived_status::{FulfilmentStatus, OrderPaymentStatus};
use super::timeline_entry::{RemainingShipments, TimelineEntry};
use super::transition::InvalidTransition;
use crate::allocation_policy::AllocationPolicy;
use crate::applied::Applied;
use crate::ids::{OrderId, UserId};
use crate::location::Location;
use crate::money::Money;
use crate::order_status::OrderStatus;

/// The part of an order that the rules need: without its lines and note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub status: OrderStatus,
    pub payment: OrderPaymentStatus,
    pub fulfilment: FulfilmentStatus,
    /// Why it was rejected, as a short code, or which [`CancelReason`](super::CancelReason) cancelled it.
    pub reason: Option<String>,
    /// Why the order needs a human, if it does.
    pub attention: Option<String>,
    pub total: Money,
    pub payment_method: String,
    /// The account that placed it; `None` for an order that no account has placed.
    pub customer_id: Option<UserId>,
    /// Whether the carrier gets an address or a contact, which are stored apart.
    pub has_recipient: bool,
    /// Which policy allocates it, unless it is that of the inventory's settings.
    pub allocation_policy: Option<AllocationPolicy>,
    /// Where the goods go; read only while stock is being reserved.
    pub destination: Option<Location>,
    /// The number of its latest timeline entry.
    pub version: i32,
}

/// A timeline entry with its position: the order's version after it, and the order's status before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    pub version: i32,
    pub entry: TimelineEntry,
    /// `None` for the first entry.
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
}

impl Order {
    /// A new order, with the first entry of its timeline.
    pub fn accept(id: OrderId, total: Money, payment_method: String) -> (Self, TimelineEvent) {
        let order = Self {
            id,
            status: OrderStatus::Pending,
            payment: OrderPaymentStatus::Unpaid,
            fulfilment: FulfilmentStatus::Unallocated,
            reason: None,
            attention: None,
            total,
            payment_method,
            customer_id: None,
            has_recipient: false,
            allocation_policy: None,
            destination: None,
            version: 1,
        };
        let event = TimelineEvent { version: 1, entry: TimelineEntry::Accepted, from: None, to: order.status };
        (order, event)
    }

    /// The order after `entry`, and the entry with its position in the timeline.
    pub fn record(self, entry: TimelineEntry) -> Result<(Self, TimelineEvent), InvalidTransition> {
        let from = self.status;
        let mut order = self.after(&entry)?;
        order.version += 1;
        let event = TimelineEvent { version: order.version, entry, from: Some(from), to: order.status };
        Ok((order, event))
    }

    fn after(self, entry: &TimelineEntry) -> Result<Self, InvalidTransition> {
        let status = self.status_after(entry)?.unwrap_or(self.status);
        let reason = match entry {
            TimelineEntry::Cancelling { reason, .. } => Some(reason.to_string()),
            TimelineEntry::Rejected { reason } => Some(reason.clone()),
            TimelineEntry::TooLateToCancel => None,
            _ => self.reason,
        };
        let attention = match entry {
            TimelineEntry::AttentionRaised { reason } => Some(reason.clone()),
            TimelineEntry::AttentionCleared => None,
            _ => self.attention,
        };
        let payment = self.payment.after(entry);
        let fulfilment = self.fulfilment.after(entry);
        Ok(Self { status, payment, fulfilment, reason, attention, ..self })
    }

    fn status_after(&self, entry: &TimelineEntry) -> Result<Applied<OrderStatus>, InvalidTransition> {
        let status = self.status;
        match entry {
            TimelineEntry::Confirmed { .. } => status.confirm(),
            TimelineEntry::Cancelling { .. } => status.begin_cancelling(),
            TimelineEntry::TooLateToCancel if self.fulfilment == FulfilmentStatus::Booked => status.resume_confirmed(),
            TimelineEntry::TooLateToCancel => status.resume_pending(),
            TimelineEntry::Rejected { .. } => status.reject(),
            TimelineEntry::Cancelled => status.finish_cancelling(),
            TimelineEntry::ShipmentHandedOver { .. } => status.ship(),
            TimelineEntry::ShipmentDelivered { remaining: 0, .. } => status.deliver(),
            // What was cancelled or closed was the last to be delivered.
            TimelineEntry::LinesCancelled { remaining: RemainingShipments { to_deliver: 0, .. }, .. }
            | TimelineEntry::ShipmentClosed { remaining: RemainingShipments { to_deliver: 0, .. }, .. }
                if status == OrderStatus::Shipped =>
            {
                status.deliver()
            }
            _ => Ok(Applied::Unchanged),
        }
    }
}
