//! Compensation: undoes the steps that were done or may have been done, the last one first. Cancelling the shipments is
//! refused once a carrier has one of them; the order then continues forward.

use super::allocation::SagaAllocation;
use super::command::Command;
use super::order_saga::OrderSaga;
use super::phase::{End, Phase};
use super::plan::{Plan, PlanVersion};
use super::retry_policy::RetryPolicy;
use super::steps::{CompensationOutcome, Step};
use super::transition::Transition;
use crate::applied::Applied;
use crate::messages::{Message as _, Reply};
use crate::order::{Order, TimelineEntry};
use crate::step_name::StepName;

impl OrderSaga {
    pub(super) fn undo_from(self, step: StepName, end: End, order: &Order) -> Transition {
        Self { attempt: 0, is_waiting: false, phase: Phase::Undoing { step, end }, ..self }.undo(step, order)
    }

    /// Sends the step's compensation, for the first time or again. Raises attention as the retry policy defines.
    pub(super) fn undo(self, step: StepName, order: &Order) -> Transition {
        let command = (self.step_of_plan(step).compensation)(order.id);
        let policy = self.plan().undo;
        let saga = Self { attempt: self.attempt + 1, ..self };
        let attention = saga.attention(&policy, command.type_name());
        let mut transition = Transition::of(saga).send(command);
        transition.entries.extend(attention);
        transition
    }

    pub(super) fn on_compensation_reply(self, name: StepName, order: &Order, reply: &Reply) -> Applied<Transition> {
        match (self.step_of_plan(name).on_compensation_reply)(reply) {
            Some(CompensationOutcome::Done(entry)) => {
                let early = self.shipments_with_reports(order.id);
                Applied::Changed(early.into_iter().fold(self.undone(entry, order), |transition, shipment| {
                    transition.flag_cancelled_moved(order, shipment)
                }))
            }
            Some(CompensationOutcome::TooLate) => Applied::Changed(self.too_late(name, order)),
            None => Applied::Unchanged,
        }
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
    /// last step is the first to be undone.
    fn too_late(self, step: StepName, order: &Order) -> Transition {
        let cleared = self.attention_cleared(order);
        let saga = Self { attempt: 0, ..self };
        let transition = match saga.allocation {
            // The report of the hand-over may be lost, or not received yet.
            SagaAllocation::Booked(_) => saga.deliver(order).track(order),
            SagaAllocation::Ordered(_) | SagaAllocation::Allocated(_) => saga.run(step, order),
        };
        transition.record_first(Some(TimelineEntry::TooLateToCancel)).record_first(cleared)
    }

    /// The saga has ended, but a step still has an effect: an operator may have abandoned its compensation.
    pub(super) fn undo_effect(self, reply: &Reply) -> Applied<Transition> {
        match self.plan().undo_of(reply) {
            Some(command) => Applied::Changed(Transition::of(self).send(command)),
            None => Applied::Unchanged,
        }
    }

    /// Raised after the policy's `attention_after` attempts, and once more when the saga counts as stuck.
    pub(super) fn attention(&self, policy: &RetryPolicy, command: &str) -> Option<TimelineEntry> {
        let is_due = [policy.attention_after, policy.stuck_after].contains(&self.attempt);
        is_due.then(|| TimelineEntry::AttentionRaised { reason: self.no_reply_to(command) })
    }

    pub(super) fn no_reply_to(&self, command: &str) -> String {
        format!("{command} was sent {} times without a reply", self.attempt)
    }

    /// Clears what [`Self::attention`] raised, now that there is a reply. Another reason may remain.
    pub(super) fn attention_cleared(&self, order: &Order) -> Option<TimelineEntry> {
        let was_raised = self.retry_policy().is_some_and(|policy| self.attempt >= policy.attention_after);
        let remaining = self.attention_reason(order.id).map(|reason| TimelineEntry::AttentionRaised { reason });
        (was_raised && order.attention.is_some()).then(|| remaining.unwrap_or(TimelineEntry::AttentionCleared))
    }
}

impl Plan {
    /// The compensation of the step whose effect `reply` reports.
    fn undo_of(&self, reply: &Reply) -> Option<Command> {
        let step: &Step = self.steps.iter().find(|step| (step.is_effect)(reply))?;
        Some((step.compensation)(reply.order_id()))
    }
}

/// The compensation of the step whose effect `reply` reports. For replies about an order that does not exist: no saga
/// would ever undo their steps.
pub fn undo_of(reply: &Reply) -> Option<Command> {
    PlanVersion::CURRENT.plan().undo_of(reply)
}
