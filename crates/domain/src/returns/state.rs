//! A return and its states. [`super::decisions`] holds what people do with it, [`super::process`] what follows its count.

use super::condition::CountedUnits;
use super::lines::ReturnLine;
use super::settling::{Restocking, ReturnRefund, Settled, Settling};
use super::status::ReturnStatus;
use crate::Timestamp;
use crate::ids::{OrderId, RefundId, ReturnId, UserId, WarehouseId};
use serde::{Deserialize, Serialize};

/// The part of a return that the rules need: without its reason and its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    pub id: ReturnId,
    pub order_id: OrderId,
    /// Who sells its lines, and decides on it.
    pub vendor_id: UserId,
    pub lines: Vec<ReturnLine>,
    /// Empty until it is received.
    pub counts: Vec<CountedUnits>,
    /// Where it was received.
    pub warehouse_id: Option<WarehouseId>,
    pub state: ReturnState,
    /// Why it needs a person, if it does.
    pub attention: Option<String>,
    /// The number of its latest timeline entry.
    pub version: i32,
}

/// Stored as JSON: see [`Self::to_json`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    Requested,
    Approved { expires_at: Timestamp },
    Declined,
    Cancelled,
    Expired,
    Received(Settling),
    Closed(Settled),
}

/// A return that is about to be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReturn {
    pub id: ReturnId,
    pub order_id: OrderId,
    pub vendor_id: UserId,
    pub lines: Vec<ReturnLine>,
}

impl ReturnState {
    pub const fn status(&self) -> ReturnStatus {
        match self {
            Self::Requested => ReturnStatus::Requested,
            Self::Approved { .. } => ReturnStatus::Approved,
            Self::Declined => ReturnStatus::Declined,
            Self::Cancelled => ReturnStatus::Cancelled,
            Self::Expired => ReturnStatus::Expired,
            Self::Received(_) => ReturnStatus::Received,
            Self::Closed(_) => ReturnStatus::Closed,
        }
    }

    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Requested | Self::Approved { .. } | Self::Received(_))
    }

    /// What became of its restocking and its refund; `None` before it is received.
    pub const fn outcomes(&self) -> Option<(Restocking, &ReturnRefund)> {
        match self {
            Self::Received(settling) => Some((settling.restocking, &settling.refund)),
            Self::Closed(settled) => Some((settled.restocking, &settled.refund)),
            Self::Requested | Self::Approved { .. } | Self::Declined | Self::Cancelled | Self::Expired => None,
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a state is plain data")
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }
}

impl Return {
    pub const fn status(&self) -> ReturnStatus {
        self.state.status()
    }

    /// The refund of a return has an id that is derived from it, so that it exists once.
    pub fn refund_id(&self) -> RefundId {
        RefundId::of_return(self.order_id, self.id)
    }
}
