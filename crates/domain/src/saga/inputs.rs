//! How a saga starts, and how replies, expired deadlines and cancellations move it.

use super::allocation::{AllocatedLine, SagaAllocation};
use super::authorization::SagaAuthorization;
use super::command::NumberedCommand;
use super::error::SagaError;
use super::order_saga::OrderSaga;
use super::phase::{End, Phase};
use super::plan::PlanVersion;
use super::refund_outcomes::SagaRefunds;
use super::steps::{Step, StepOutcome};
use super::transition::Transition;
use crate::applied::Applied;
use crate::messages::Reply;
use crate::order::{Cancellation, Order, TimelineEntry};
use crate::step_name::StepName;
use std::collections::{BTreeMap, BTreeSet};

impl OrderSaga {
    /// The saga of a new order, and its first command.
    pub fn start(plan_version: PlanVersion, order: &Order, lines: Vec<AllocatedLine>) -> Transition {
        let first = plan_version.plan().first().name;
        let (phase, allocation) = (Phase::Running(first), SagaAllocation::Ordered(lines));
        let saga = Self {
            plan_version,
            generation: 0,
            attempt: 0,
            resends: 0,
            phase,
            is_waiting: false,
            allocation,
            refunds: SagaRefunds::default(),
            moved_although_cancelled: BTreeSet::new(),
            cancelled_units: BTreeMap::new(),
            authorization: SagaAuthorization::default(),
        };
        saga.run(first, order)
    }

    /// Applies a reply. A reply to another command than the open one changes nothing.
    pub fn on_reply(self, order: &Order, reply: &Reply) -> Result<Applied<Transition>, SagaError> {
        match (self.phase.clone(), reply) {
            (_, Reply::ShipmentDelayed(report)) => Ok(self.on_delayed(order, report)),
            (_, Reply::ShipmentException(report)) => Ok(self.on_exception(order, report)),
            (_, Reply::ShipmentProgressed(report)) => Ok(self.on_progress(order, report)),
            (Phase::Delivering | Phase::Ended(End::Delivered), reply) if reply.is_about_refund() => {
                Ok(self.on_refund_reply(order, reply))
            }
            (Phase::Running(step), reply) => self.on_step_reply(step, order, reply),
            (Phase::Undoing { step, .. }, reply) => Ok(self.on_compensation_reply(step, order, reply)),
            (Phase::Delivering, Reply::PaymentCaptured(reply)) => self.on_captured(order, reply),
            (Phase::Delivering, Reply::PaymentCaptureDeclined(reply)) => Ok(self.on_capture_declined(order, reply)),
            (Phase::Delivering, Reply::PaymentWrittenOff(reply)) => Ok(self.on_written_off(order, reply)),
            (Phase::Delivering, Reply::PaymentVoided(reply)) => Ok(self.on_unused_voided(order, reply)),
            (Phase::Delivering, Reply::PaymentReauthorized(reply)) => Ok(self.on_reauthorized(order, reply)),
            (Phase::Delivering, Reply::PaymentReauthorizationDeclined(reply)) => {
                Ok(self.on_reauthorization_declined(order, reply))
            }
            (Phase::Delivering, Reply::StockNotShipped(reply)) => Ok(self.on_stock_not_shipped(order, reply)),
            (Phase::Delivering, Reply::StockShipped(reply)) => Ok(self.on_stock_shipped(order, reply)),
            (Phase::Delivering, Reply::ShipmentAmended(reply)) => Ok(self.on_amended(order, reply)),
            (Phase::Delivering, Reply::ShipmentNotAmended(reply)) => Ok(self.on_not_amended(order, reply)),
            (Phase::Delivering, Reply::ReservationReduced(reply)) => Ok(self.on_reduced(order, reply)),
            (Phase::Ended(End::Rejected { .. } | End::Cancelled), Reply::ReservationStale(_)) => {
                Ok(self.undo_effect(reply))
            }
            (Phase::Delivering | Phase::Ended(_), _) => Ok(Applied::Unchanged),
        }
    }

    fn on_step_reply(self, name: StepName, order: &Order, reply: &Reply) -> Result<Applied<Transition>, SagaError> {
        let outcome = (self.step_of_plan(name).on_reply)(reply, order, &self.allocation)?;
        Ok(match outcome {
            Some(StepOutcome::Done { entry, allocation }) => {
                let allocation = allocation.unwrap_or_else(|| self.allocation.clone());
                Applied::Changed(Self { allocation, ..self }.done(name, order).record_first(Some(entry)))
            }
            Some(StepOutcome::Waits { .. }) if self.is_waiting => Applied::Unchanged,
            Some(StepOutcome::Waits { entry }) => Applied::Changed(
                Transition::of(Self { is_waiting: true, attempt: 1, resends: 0, ..self }).record(entry),
            ),
            Some(StepOutcome::Refused { entry, reason }) => {
                Applied::Changed(self.refused(name, reason, order).record_first(Some(entry)))
            }
            None => Applied::Unchanged,
        })
    }

    /// The deadline expired without a reply: sends the command again, or gives the step up. A command that no consumer
    /// has received is sent again unchanged, and does not count as an attempt: an outage of consumers is not a refusal.
    pub fn on_deadline(self, order: &Order, was_received: bool) -> Applied<Transition> {
        if let Some(command) = self.open_command(order).filter(|_| !was_received) {
            return Applied::Changed(self.repeat(command));
        }
        match self.phase.clone() {
            Phase::Running(name) => Applied::Changed(self.on_step_deadline(name, order)),
            Phase::Undoing { step, .. } => Applied::Changed(self.undo(step, order)),
            Phase::Delivering => Applied::Changed(self.retry_delivery(order)),
            Phase::Ended(_) => Applied::Unchanged,
        }
    }

    fn on_step_deadline(self, name: StepName, order: &Order) -> Transition {
        let step = self.step_of_plan(name);
        match self.wait_policy(step) {
            Some(policy) if self.attempt >= policy.attempts_max => {
                self.undo_from(name, End::Rejected { reason: policy.expired.to_owned() }, order)
            }
            None if self.attempt >= step.attempts_max => self.give_up(step, order),
            _ => self.run(name, order),
        }
    }

    /// Cancels the order: undoes the steps that were done or may have been done. Refused while lines are being
    /// cancelled: their outcome decides what there is to undo.
    pub fn on_cancel(self, order: &Order, cancellation: Cancellation) -> Result<Applied<Transition>, SagaError> {
        if order.status.begin_cancelling()? == Applied::Unchanged {
            return Ok(Applied::Unchanged);
        }
        if self.has_open_amendment() {
            return Err(SagaError::LinesBeingCancelled);
        }
        let (last, reason_before) = (self.plan().last().name, self.attention_reason(order.id));
        let transition = match self.phase.clone() {
            Phase::Running(step) => self.undo_from(step, End::Cancelled, order),
            Phase::Delivering => self.undo_from(last, End::Cancelled, order),
            Phase::Undoing { step, .. } => {
                Transition::of(Self { phase: Phase::Undoing { step, end: End::Cancelled }, ..self })
            }
            Phase::Ended(_) => return Ok(Applied::Unchanged),
        };
        let Cancellation { reason, note } = cancellation;
        let transition = transition.record_first(Some(TimelineEntry::Cancelling { reason, note }));
        Ok(Applied::Changed(transition.update_attention(order, reason_before.as_ref())))
    }

    fn repeat(self, command: NumberedCommand) -> Transition {
        let saga = Self { resends: self.resends.saturating_add(1), ..self };
        Transition { commands: vec![command], ..Transition::of(saga) }
    }

    /// Sends the step's command, for the first time or again.
    pub(super) fn run(self, step: StepName, order: &Order) -> Transition {
        let command = (self.step_of_plan(step).command)(order, &self.allocation);
        Transition::of(Self { attempt: self.attempt + 1, phase: Phase::Running(step), ..self }).send(command)
    }

    /// Continues with the next step. The order is confirmed, and delivered, after the last one.
    fn done(self, step: StepName, order: &Order) -> Transition {
        match self.plan().after(step) {
            Some(next) => Self { attempt: 0, is_waiting: false, ..self }.run(next.name, order),
            None => self.deliver(order),
        }
    }

    /// A business refusal: the step itself has changed nothing, so only the earlier ones are undone.
    fn refused(self, step: StepName, reason: String, order: &Order) -> Transition {
        let end = End::Rejected { reason };
        match self.plan().before(step) {
            Some(earlier) => self.undo_from(earlier.name, end, order),
            None => self.end(end),
        }
    }

    /// The outcome of the step is unknown, so it is undone, too.
    fn give_up(self, step: &Step, order: &Order) -> Transition {
        let entry = TimelineEntry::StepGivenUp { step: step.name, attempts: self.attempt };
        let end = End::Rejected { reason: step.unavailable.to_owned() };
        self.undo_from(step.name, end, order).record_first(Some(entry))
    }

    pub(super) fn end(self, end: End) -> Transition {
        let entry = match &end {
            End::Delivered => None,
            End::Rejected { reason } => Some(TimelineEntry::Rejected { reason: reason.clone() }),
            End::Cancelled => Some(TimelineEntry::Cancelled),
        };
        let mut transition = Transition::of(Self { attempt: 0, is_waiting: false, phase: Phase::Ended(end), ..self });
        transition.entries.extend(entry);
        transition
    }
}
