//! Compensation: undoes the steps that were done or may have been done, the last one first. Cancelling the shipments is
//! refused once a carrier has one of them; the order then continues forward.

use super::allocation::SagaAllocation;
use super::commands;
use super::order_saga::{End, OrderSaga, Phase};
use super::plan::{RetryPolicy, StepName};
use super::transition::Transition;
use crate::order::{Order, TimelineEntry};

impl OrderSaga {
    pub(super) fn undo_from(self, step: StepName, end: End, order: &Order) -> Transition {
        Self { attempt: 0, phase: Phase::Undoing { step, end }, ..self }.undo(step, order)
    }

    /// Sends the step's compensation, for the first time or again. Raises attention as the retry policy defines.
    pub(super) fn undo(self, step: StepName, order: &Order) -> Transition {
        let command: &str = self.step_of_plan(step).undo;
        let policy = self.plan().undo;
        let saga = Self { attempt: self.attempt + 1, ..self };
        let attention = saga.attention(&policy, command);
        let mut transition = Transition::of(saga).send(commands::undo(step, order.id));
        transition.entries.extend(attention);
        transition
    }

    /// The open compensation succeeded: undoes the step before it, or ends the saga.
    pub(super) fn undone(self, entry: TimelineEntry, order: &Order) -> Transition {
        let Phase::Undoing { step, end } = self.phase.clone() else {
            return Transition::of(self);
        };
        let cleared = self.attention_cleared(order);
        let transition = match self.plan().before(step) {
            Some(earlier) => self.undo_from(earlier.name, end, order),
            None => self.end(end),
        };
        transition.record_first(Some(entry)).record_first(cleared)
    }

    /// A carrier already has a shipment, so the saga continues forward. Nothing has been undone yet, because the
    /// booking is the first step to be undone.
    pub(super) fn too_late(self, order: &Order) -> Transition {
        let cleared = self.attention_cleared(order);
        let saga = Self { attempt: 0, ..self };
        let transition = match saga.allocation {
            // The report of the hand-over may be lost, or not received yet.
            SagaAllocation::Booked(_) => saga.deliver(order).send(commands::track(order.id)),
            SagaAllocation::Ordered(_) | SagaAllocation::Allocated(_) => saga.run(StepName::BookShipments, order),
        };
        transition.record_first(Some(TimelineEntry::TooLateToCancel)).record_first(cleared)
    }

    /// The order is rejected or cancelled, but stock is still reserved for it: an operator may have abandoned the
    /// compensation.
    pub(super) fn release_orphaned_stock(self, order: &Order) -> Transition {
        Transition::of(self).send(commands::undo(StepName::ReserveStock, order.id))
    }

    /// Raised after the policy's `attention_after` attempts, and once more when the saga counts as stuck.
    pub(super) fn attention(&self, policy: &RetryPolicy, command: &str) -> Option<TimelineEntry> {
        let is_due = [policy.attention_after, policy.stuck_after].contains(&self.attempt);
        let reason = format!("{command} was sent {} times without a reply", self.attempt);
        is_due.then_some(TimelineEntry::AttentionRaised { reason })
    }

    /// Clears what [`Self::attention`] raised, now that there is a reply.
    pub(super) fn attention_cleared(&self, order: &Order) -> Option<TimelineEntry> {
        let was_raised = self.retry_policy().is_some_and(|policy| self.attempt >= policy.attention_after);
        (was_raised && order.attention.is_some()).then_some(TimelineEntry::AttentionCleared)
    }
}
