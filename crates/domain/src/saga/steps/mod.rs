//! The steps of the saga, one file each. The file of a step holds everything that is decided about it: its command, its
//! compensation, its replies with their timeline entries, and its retry policy.

mod authorize_payment;
mod book_shipments;
mod reserve_stock;

pub(super) use authorize_payment::AUTHORIZE_PAYMENT;
pub(super) use book_shipments::BOOK_SHIPMENTS;
pub(super) use reserve_stock::RESERVE_STOCK;

use super::allocation::SagaAllocation;
use super::command::Command;
use super::error::SagaError;
use super::retry_policy::{Backoff, WaitPolicy};
use crate::ids::OrderId;
use crate::messages::{Queue, Reply};
use crate::money::Money;
use crate::order::{Order, TimelineEntry};
use crate::step_name::StepName;
use std::fmt;
use uuid::Uuid;

/// One step: a command to a slice, which a compensation undoes. The first reply decides; the command may be repeated.
#[derive(Debug)]
pub struct Step {
    pub name: StepName,
    /// Its consumers handle the command and the compensation.
    pub queue: Queue,
    pub backoff: Backoff,
    /// After so many attempts without a reply the step counts as possibly done, and is undone.
    pub attempts_max: u32,
    /// The reason of the rejection when the step is given up.
    pub unavailable: &'static str,
    /// How it waits after a reply that says so; `None` for a step whose replies never do.
    pub waiting: Option<WaitPolicy>,
    pub(super) command: fn(&Order, &SagaAllocation) -> Command,
    pub(super) compensation: fn(OrderId) -> Command,
    /// What a reply means while the command is open; `None` when it replies to another command.
    pub(super) on_reply: fn(&Reply, &Order, &SagaAllocation) -> Result<Option<StepOutcome>, SagaError>,
    /// What a reply means while the compensation is open; `None` when it replies to another command.
    pub(super) on_compensation_reply: fn(&Reply) -> Option<CompensationOutcome>,
    /// Recorded when an operator marks the compensation as done.
    pub(super) compensated: fn() -> TimelineEntry,
    /// Whether the slice refuses the compensation once a carrier has a shipment.
    pub(super) can_be_too_late: bool,
    /// Whether the reply shows that the step has an effect, which its compensation undoes.
    pub(super) is_effect: fn(&Reply) -> bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepOutcome {
    Done {
        entry: TimelineEntry,
        /// The new allocation, if the step changes it.
        allocation: Option<SagaAllocation>,
    },
    /// The effect comes later, and with it another reply.
    Waits { entry: TimelineEntry },
    /// A business refusal. The step has changed nothing; the order is rejected for this reason.
    Refused { entry: TimelineEntry, reason: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CompensationOutcome {
    Done(TimelineEntry),
    /// A carrier has a shipment, so that the step can't be undone.
    TooLate,
}

impl Step {
    /// The message type of its command.
    pub fn command_type(&self) -> &'static str {
        (self.command)(&any_order(), &SagaAllocation::Ordered(Vec::new())).type_name()
    }

    /// The message type of its compensation.
    pub fn compensation_type(&self) -> &'static str {
        (self.compensation)(any_order().id).type_name()
    }
}

/// The type of a message does not depend on its order.
pub(super) fn any_order() -> Order {
    let total = Money::zero("USD".parse().expect("a currency"));
    Order::accept(OrderId::from_uuid(Uuid::nil()), total, String::new()).0
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | undo {}", self.name, self.command_type(), self.compensation_type())?;
        write!(f, " | {}, {} attempts, then {}", self.backoff, self.attempts_max, self.unavailable)?;
        self.waiting.map_or(Ok(()), |policy| write!(f, " | while it waits {policy}"))
    }
}
