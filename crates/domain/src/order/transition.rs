//! The legal transitions between an order's statuses, as one table. Every other one is refused with an error.

use crate::applied::Applied;
use crate::order_status::OrderStatus;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum OrderTransition {
    Confirm,
    Ship,
    Deliver,
    Reject,
    BeginCancelling,
    FinishCancelling,
    /// Back to `pending`: a carrier already has a shipment, and the booking continues.
    ResumePending,
    /// Back to `confirmed`: a carrier already has a shipment.
    ResumeConfirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{transition} is not possible while the order is {from}")]
pub struct InvalidTransition {
    pub transition: OrderTransition,
    pub from: OrderStatus,
}

impl OrderStatus {
    pub fn confirm(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::Confirm)
    }

    pub fn ship(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::Ship)
    }

    pub fn deliver(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::Deliver)
    }

    pub fn reject(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::Reject)
    }

    pub fn begin_cancelling(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::BeginCancelling)
    }

    pub fn finish_cancelling(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::FinishCancelling)
    }

    pub fn resume_pending(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::ResumePending)
    }

    pub fn resume_confirmed(self) -> Result<Applied<Self>, InvalidTransition> {
        self.apply(OrderTransition::ResumeConfirmed)
    }

    /// No transition leaves it; refunds change the payment status only.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Rejected | Self::Cancelled)
    }

    /// THE TABLE.
    pub fn apply(self, transition: OrderTransition) -> Result<Applied<Self>, InvalidTransition> {
        use OrderStatus::{Cancelled, Cancelling, Confirmed, Delivered, Pending, Rejected, Shipped};
        match (self, transition) {
            (Pending, OrderTransition::Confirm) | (Cancelling, OrderTransition::ResumeConfirmed) => {
                Ok(Applied::Changed(Confirmed))
            }
            (Confirmed, OrderTransition::Ship) => Ok(Applied::Changed(Shipped)),
            (Shipped, OrderTransition::Deliver) => Ok(Applied::Changed(Delivered)),
            (Pending, OrderTransition::Reject) => Ok(Applied::Changed(Rejected)),
            (Pending | Confirmed, OrderTransition::BeginCancelling) => Ok(Applied::Changed(Cancelling)),
            (Cancelling, OrderTransition::FinishCancelling) => Ok(Applied::Changed(Cancelled)),
            (Cancelling, OrderTransition::ResumePending) => Ok(Applied::Changed(Pending)),
            (Pending, OrderTransition::ResumePending)
            | (Confirmed, OrderTransition::Confirm | OrderTransition::ResumeConfirmed)
            | (Shipped, OrderTransition::Ship)
            | (Delivered, OrderTransition::Deliver)
            | (Rejected, OrderTransition::Reject)
            | (Cancelling | Cancelled, OrderTransition::BeginCancelling)
            | (Cancelled, OrderTransition::FinishCancelling) => Ok(Applied::Unchanged),
            (from, transition) => Err(InvalidTransition { transition, from }),
        }
    }
}
