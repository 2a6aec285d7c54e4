//! What an order's timeline tells: one variant a kind, with what is worth knowing about it.

use super::cancel::CancelReason;
use super::order_request::Note;
use crate::Timestamp;
use crate::ids::ShipmentId;
use crate::messages::{BookedShipment, Shortage};
use crate::money::Money;
use crate::saga::StepName;
use serde::Serialize;

/// One thing that happened to an order. Its kind is its name in `snake_case`; its members are the entry's detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(untagged)]
#[strum(serialize_all = "snake_case")]
pub enum Entry {
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
    /// A step was asked as often as its plan allows, and nobody answered.
    StepGivenUp {
        step: StepName,
        attempts: u32,
    },
    Cancelling {
        reason: CancelReason,
        /// For staff and for whoever wrote it.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    ShipmentsCancelled,
    PaymentVoided {
        refunded: Option<Money>,
    },
    StockReleased,
    /// The carrier has the goods already, so that the order goes on.
    TooLateToCancel,
    Rejected {
        reason: String,
    },
    Cancelled,
    ShipmentHandedOver {
        shipment_id: ShipmentId,
        /// How many shipments are still to be handed over.
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
        /// How many shipments are still to be paid for.
        remaining: usize,
    },
    ShipmentDelivered {
        shipment_id: ShipmentId,
        /// How many shipments are still on their way.
        remaining: usize,
    },
    /// Later than promised; told once a level, counted from one.
    ShipmentDelayed {
        shipment_id: ShipmentId,
        level: u16,
        promised_by: Timestamp,
    },
    AttentionRaised {
        reason: String,
    },
    AttentionCleared,
    /// An operator had the outstanding question asked again.
    StepRetried {
        step: &'static str,
        reason: String,
    },
    /// An operator vouches for an answer that never came.
    StepMarkedDone {
        step: &'static str,
        evidence: String,
    },
    /// An operator ended the saga with undos left unanswered.
    SagaAbandoned {
        step: &'static str,
        reason: String,
    },
}

impl Entry {
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Its members as JSON; none when it has none.
    pub fn detail(&self) -> Option<serde_json::Value> {
        let detail = serde_json::to_value(self).expect("entries are plain data");
        (!detail.is_null()).then_some(detail)
    }
}
