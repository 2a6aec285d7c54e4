//! The entries of an order's timeline: one variant per kind, with its details.

use super::cancel::CancelReason;
use super::order_request::Note;
use crate::Timestamp;
use crate::ids::ShipmentId;
use crate::messages::{BookedShipment, Shortage};
use crate::money::Money;
use crate::saga::StepName;
use serde::Serialize;

/// A change of an order. Its kind is the variant's name in `snake_case`; its fields are the entry's detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum TimelineEntry {
    Accepted,
    StockReserved,
    StockRejected {
        shortages: Vec<Shortage>,
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
    },
    ShipmentInTransit {
        shipment_id: ShipmentId,
    },
    StockShipped {
        shipment_id: ShipmentId,
    },
    PaymentCaptured {
        shipment_id: ShipmentId,
        amount: Money,
        /// How many shipments are not captured yet.
        remaining: usize,
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

impl TimelineEntry {
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Its fields as JSON; `None` when it has none.
    pub fn detail(&self) -> Option<serde_json::Value> {
        let detail = serde_json::to_value(self).expect("entries are plain data");
        (!detail.is_null()).then_some(detail)
    }
}
