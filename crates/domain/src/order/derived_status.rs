//! The payment and fulfilment status of an order, stored for filtering. Both are derived from its timeline.

use super::timeline_entry::{RemainingShipments, TimelineEntry};
use crate::money::Money;

crate::string_enum! {
    pub enum OrderPaymentStatus {
        Unpaid,
        Authorized,
        Declined,
        /// Captured for some shipments.
        PartlyCaptured,
        /// Captured for all shipments.
        Captured,
        /// The authorization, if there was one, is voided.
        Voided,
        /// Everything that was captured is refunded.
        Refunded,
        /// A part of what was captured is refunded.
        PartlyRefunded,
    }
}

crate::string_enum! {
    pub enum FulfilmentStatus {
        Unallocated,
        /// The order waits for units that are out of stock. Others may be reserved.
        Backordered,
        /// Stock is reserved.
        Allocated,
        /// The carrier has accepted the booking.
        Booked,
        /// Some shipments are handed over to their carriers.
        PartlyShipped,
        Shipped,
        Delivered,
        /// The reserved stock, if there was any, is released.
        Released,
    }
}

impl OrderPaymentStatus {
    #[must_use]
    pub(super) fn after(self, entry: &TimelineEntry) -> Self {
        match entry {
            TimelineEntry::PaymentAuthorized { .. } => Self::Authorized,
            TimelineEntry::PaymentDeclined { .. } => Self::Declined,
            TimelineEntry::PaymentVoided { refunded: None } => Self::Voided,
            TimelineEntry::PaymentVoided { refunded: Some(_) } => Self::Refunded,
            TimelineEntry::PaymentCaptured { not_refunded: Some(rest), .. } => Self::with_refunds(*rest),
            TimelineEntry::PaymentCaptured { remaining: 0, .. } => Self::Captured,
            TimelineEntry::PaymentCaptured { .. } => Self::PartlyCaptured,
            TimelineEntry::PaymentRefunded { remaining, .. } => Self::with_refunds(*remaining),
            TimelineEntry::LinesCancelled { remaining: RemainingShipments { to_capture: 0, .. }, .. }
                if self == Self::PartlyCaptured =>
            {
                Self::Captured
            }
            _ => self,
        }
    }

    /// The status of an order with refunds, of which `rest` is captured and not refunded.
    const fn with_refunds(rest: Money) -> Self {
        if rest.amount_minor == 0 { Self::Refunded } else { Self::PartlyRefunded }
    }
}

impl FulfilmentStatus {
    #[must_use]
    pub(super) fn after(self, entry: &TimelineEntry) -> Self {
        match entry {
            TimelineEntry::StockReserved | TimelineEntry::ShipmentsCancelled => Self::Allocated,
            TimelineEntry::Confirmed { .. } => Self::Booked,
            TimelineEntry::Backordered { .. } => Self::Backordered,
            TimelineEntry::StockReleased => Self::Released,
            // Inventory has released what the order waited with.
            TimelineEntry::StockRejected { .. } if self == Self::Backordered => Self::Released,
            TimelineEntry::ShipmentHandedOver { remaining: 0, .. } => Self::Shipped,
            TimelineEntry::ShipmentHandedOver { .. } => Self::PartlyShipped,
            TimelineEntry::ShipmentDelivered { remaining: 0, .. } => Self::Delivered,
            TimelineEntry::ShipmentClosed { remaining: RemainingShipments { to_deliver: 0, .. }, .. }
                if self == Self::Shipped =>
            {
                Self::Delivered
            }
            TimelineEntry::LinesCancelled { remaining, .. } if self == Self::PartlyShipped => match remaining {
                RemainingShipments { to_deliver: 0, .. } => Self::Delivered,
                RemainingShipments { to_hand_over: 0, .. } => Self::Shipped,
                RemainingShipments { .. } => self,
            },
            _ => self,
        }
    }
}
