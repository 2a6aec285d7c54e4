//! The legal ways between an order's states, as one table. Whatever is not in it is refused by name.

use super::applied::Applied;
use super::status::OrderStatus;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Transition {
    Confirm,
    Ship,
    Deliver,
    Reject,
    BeginCancelling,
    FinishCancelling,
    /// Back to `pending`: the carrier had it already, and the booking goes on.
    ResumePending,
    /// Back to `confirmed`: the carrier had it already.
    ResumeConfirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{transition} is not possible while the order is {from}")]
pub struct InvalidTransition {
    pub transition: Transition,
    pub from: OrderStatus,
}

impl OrderStatus {
    pub fn confirm(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::Confirm)
    }

    pub fn ship(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::Ship)
    }

    pub fn deliver(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::Deliver)
    }

    pub fn reject(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::Reject)
    }

    pub fn begin_cancelling(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::BeginCancelling)
    }

    pub fn finish_cancelling(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::FinishCancelling)
    }

    pub fn resume_pending(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::ResumePending)
    }

    pub fn resume_confirmed(self) -> Result<Applied<Self>, InvalidTransition> {
        self.take(Transition::ResumeConfirmed)
    }

    /// Nothing is left to be decided; refunds move the payment status only.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Rejected | Self::Cancelled)
    }

    /// THE TABLE.
    pub fn take(self, transition: Transition) -> Result<Applied<Self>, InvalidTransition> {
        use OrderStatus::{Cancelled, Cancelling, Confirmed, Delivered, Pending, Rejected, Shipped};
        match (self, transition) {
            (Pending, Transition::Confirm) | (Cancelling, Transition::ResumeConfirmed) => Ok(Applied::Now(Confirmed)),
            (Confirmed, Transition::Ship) => Ok(Applied::Now(Shipped)),
            (Shipped, Transition::Deliver) => Ok(Applied::Now(Delivered)),
            (Pending, Transition::Reject) => Ok(Applied::Now(Rejected)),
            (Pending | Confirmed, Transition::BeginCancelling) => Ok(Applied::Now(Cancelling)),
            (Cancelling, Transition::FinishCancelling) => Ok(Applied::Now(Cancelled)),
            (Cancelling, Transition::ResumePending) => Ok(Applied::Now(Pending)),
            (Pending, Transition::ResumePending)
            | (Confirmed, Transition::Confirm | Transition::ResumeConfirmed)
            | (Shipped, Transition::Ship)
            | (Delivered, Transition::Deliver)
            | (Rejected, Transition::Reject)
            | (Cancelling | Cancelled, Transition::BeginCancelling)
            | (Cancelled, Transition::FinishCancelling) => Ok(Applied::Already),
            (from, transition) => Err(InvalidTransition { transition, from }),
        }
    }
}
