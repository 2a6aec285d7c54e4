//! A return, and what people do with it. [`super::process`] holds what follows its count.

use super::counts::{Condition, CountedUnits};
use super::entry::ReturnEntry;
use super::lines::ReturnLine;
use super::refusal::{InvalidReturnTransition, ReturnTransitionName};
use super::settling::{Restocking, ReturnRefund, Settled, Settling};
use super::status::ReturnStatus;
use super::transition::ReturnTransition;
use crate::Timestamp;
use crate::applied::Applied;
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
    pub fn request(new: NewReturn) -> ReturnTransition {
        let NewReturn { id, order_id, vendor_id, lines } = new;
        let requested = Self {
            id,
            order_id,
            vendor_id,
            lines,
            counts: Vec::new(),
            warehouse_id: None,
            state: ReturnState::Requested,
            attention: None,
            version: 0,
        };
        ReturnTransition::of(requested).record(ReturnEntry::Requested)
    }

    pub const fn status(&self) -> ReturnStatus {
        self.state.status()
    }

    /// The refund of a return has an id that is derived from it, so that it exists once.
    pub fn refund_id(&self) -> RefundId {
        RefundId::of_return(self.order_id, self.id)
    }

    /// The vendor agrees. The customer sends the goods before `expires_at`.
    pub fn approve(self, expires_at: Timestamp) -> Result<Applied<ReturnTransition>, InvalidReturnTransition> {
        match self.state {
            ReturnState::Requested => {
                let next = self.enter(ReturnState::Approved { expires_at });
                Ok(Applied::Changed(next.record(ReturnEntry::Approved { expires_at }).set_attention(None)))
            }
            ReturnState::Approved { .. } => Ok(Applied::Unchanged),
            _ => Err(self.refused(ReturnTransitionName::Approve)),
        }
    }

    pub fn decline(self) -> Result<Applied<ReturnTransition>, InvalidReturnTransition> {
        match self.state {
            ReturnState::Requested => {
                let next = self.enter(ReturnState::Declined);
                Ok(Applied::Changed(next.record(ReturnEntry::Declined).set_attention(None)))
            }
            ReturnState::Declined => Ok(Applied::Unchanged),
            _ => Err(self.refused(ReturnTransitionName::Decline)),
        }
    }

    /// The customer keeps the goods.
    pub fn cancel(self) -> Result<Applied<ReturnTransition>, InvalidReturnTransition> {
        match self.state {
            ReturnState::Requested | ReturnState::Approved { .. } => {
                let next = self.enter(ReturnState::Cancelled);
                Ok(Applied::Changed(next.record(ReturnEntry::Cancelled).set_attention(None)))
            }
            ReturnState::Cancelled => Ok(Applied::Unchanged),
            _ => Err(self.refused(ReturnTransitionName::Cancel)),
        }
    }

    /// The goods arrived, and [`super::check_counts`] accepts their count. `may_refund` is false while a capture is open
    /// that the refund has to wait for.
    pub fn receive(
        self,
        warehouse_id: WarehouseId,
        counts: Vec<CountedUnits>,
        may_refund: bool,
    ) -> Result<ReturnTransition, InvalidReturnTransition> {
        if !matches!(self.state, ReturnState::Approved { .. }) {
            return Err(self.refused(ReturnTransitionName::Receive));
        }
        let is_restocked = counts.iter().any(|count| count.condition == Condition::Resellable);
        let is_refunded = counts.iter().any(|count| count.is_refunded);
        let settling = Settling {
            restocking: if is_restocked { Restocking::Open } else { Restocking::NotNeeded },
            refund: if is_refunded { ReturnRefund::Open } else { ReturnRefund::NotNeeded },
            generation: 0,
            attempt: 0,
        };
        let received = Self { counts, warehouse_id: Some(warehouse_id), ..self };
        let next = received.enter(ReturnState::Received(settling)).record(ReturnEntry::Received { warehouse_id });
        Ok(next.send_open(may_refund).close_if_done())
    }

    pub(super) fn enter(self, state: ReturnState) -> ReturnTransition {
        ReturnTransition::of(Self { state, ..self })
    }

    const fn refused(&self, transition: ReturnTransitionName) -> InvalidReturnTransition {
        InvalidReturnTransition { transition, from: self.status() }
    }
}
