//! The amendment of a shipment, as the saga stores it: its units that were cancelled leave it before the hand-over.

use crate::order::CancelReason;
use crate::product::Line;
use crate::shipment::{Milestone, Transport};
use serde::{Deserialize, Serialize};

/// What a shipment shall be, from the request to the reply of shipping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Amendment {
    /// The remaining lines; none if the shipment is to be cancelled.
    pub lines: Vec<Line>,
    /// What is captured for them.
    pub amount: i64,
    pub reason: CancelReason,
    /// The replacement's milestone, if it was reported before the reply to the amendment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_report: Option<EarlyReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EarlyReport {
    pub milestone: Milestone,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
}
