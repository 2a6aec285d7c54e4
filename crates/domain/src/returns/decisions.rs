//! What people do with a return: request, approve, decline, cancel, receive.

use super::condition::{Condition, CountedUnits};
use super::entry::ReturnEntry;
use super::refusal::{InvalidReturnTransition, ReturnTransitionName};
use super::settling::{Restocking, ReturnRefund, Settling};
use super::state::{NewReturn, Return, ReturnState};
use super::transition::ReturnTransition;
use crate::Timestamp;
use crate::applied::Applied;
use crate::ids::WarehouseId;

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

    /// Whether the goods may arrive now.
    pub const fn ensure_receivable(&self) -> Result<(), InvalidReturnTransition> {
        match self.state {
            ReturnState::Approved { .. } => Ok(()),
            _ => Err(self.refused(ReturnTransitionName::Receive)),
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
        self.ensure_receivable()?;
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
