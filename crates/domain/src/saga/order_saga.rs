//! The phase of an order's saga, and how replies, expired deadlines and cancellations move it.

use super::allocation::{AllocatedLine, SagaAllocation};
use super::error::SagaError;
use super::plan::{Plan, PlanVersion};
use super::retry_policy::RetryPolicy;
use super::steps::{Step, StepName, StepOutcome};
use super::time_scale::TimeScale;
use super::transition::{NumberedCommand, Transition};
use crate::Timestamp;
use crate::applied::Applied;
use crate::messages::{Queue, Reply};
use crate::order::{Cancellation, Order, TimelineEntry};
use serde::{Deserialize, Serialize};
use std::slice;
use std::time::Duration;

/// The saga of one order. Stored as JSON: see [`Self::to_json`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSaga {
    pub(super) plan: PlanVersion,
    /// The number of commands that it has sent.
    pub(super) generation: u32,
    /// How often the open command was sent, counted from one.
    pub(super) attempt: u32,
    /// How often the open command was sent again because no consumer had received it. Not counted as attempts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) unreceived: u32,
    pub(super) phase: Phase,
    /// `goods` in the sagas of versions before 0.2.
    #[serde(alias = "goods")]
    pub(super) allocation: SagaAllocation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The step's command is sent.
    Running(StepName),
    /// The step's compensation is sent; those of earlier steps follow, then the end.
    Undoing {
        step: StepName,
        end: End,
    },
    /// The order is confirmed. Each shipment is captured when its carrier has it.
    Delivering,
    Ended(End),
}

/// The phase as it is stored and reported.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PhaseName {
    Running,
    Undoing,
    Delivering,
    /// Undoing or delivering, and the open command was sent so often without a reply that an operator has to act.
    Stuck,
    Ended,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Delivered,
    Rejected { reason: String },
    Cancelled,
}

impl OrderSaga {
    /// The saga of a new order, and its first command.
    pub fn start(plan: PlanVersion, order: &Order, lines: Vec<AllocatedLine>) -> Transition {
        let first = plan.plan().first().name;
        let (phase, allocation) = (Phase::Running(first), SagaAllocation::Ordered(lines));
        Self { plan, generation: 0, attempt: 0, unreceived: 0, phase, allocation }.run(first, order)
    }

    /// Applies a reply. A reply to another command than the open one changes nothing.
    pub fn on_reply(self, order: &Order, reply: &Reply) -> Result<Applied<Transition>, SagaError> {
        match (self.phase.clone(), reply) {
            (_, Reply::ShipmentDelayed(report)) => Ok(self.on_delayed(order, report)),
            (_, Reply::ShipmentProgressed(report)) => Ok(self.on_progress(order, report)),
            (Phase::Running(step), reply) => self.on_step_reply(step, order, reply),
            (Phase::Undoing { step, .. }, reply) => Ok(self.on_compensation_reply(step, order, reply)),
            (Phase::Delivering, Reply::PaymentCaptured(reply)) => self.on_captured(order, reply),
            (Phase::Delivering, Reply::StockShipped(reply)) => Ok(self.on_stock_shipped(order, reply)),
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
            Phase::Running(name) => {
                let step = self.step_of_plan(name);
                let is_exhausted = self.attempt >= step.attempts_max;
                Applied::Changed(if is_exhausted { self.give_up(step, order) } else { self.run(name, order) })
            }
            Phase::Undoing { step, .. } => Applied::Changed(self.undo(step, order)),
            Phase::Delivering => Applied::Changed(self.retry_delivery(order)),
            Phase::Ended(_) => Applied::Unchanged,
        }
    }

    /// Cancels the order: undoes the steps that were done or may have been done.
    pub fn on_cancel(self, order: &Order, cancellation: Cancellation) -> Result<Applied<Transition>, SagaError> {
        if order.status.begin_cancelling()? == Applied::Unchanged {
            return Ok(Applied::Unchanged);
        }
        let last = self.plan().last().name;
        let transition = match self.phase.clone() {
            Phase::Running(step) => self.undo_from(step, End::Cancelled, order),
            Phase::Delivering => self.undo_from(last, End::Cancelled, order),
            Phase::Undoing { step, .. } => {
                Transition::of(Self { phase: Phase::Undoing { step, end: End::Cancelled }, ..self })
            }
            Phase::Ended(_) => return Ok(Applied::Unchanged),
        };
        let Cancellation { reason, note } = cancellation;
        Ok(Applied::Changed(transition.record_first(Some(TimelineEntry::Cancelling { reason, note }))))
    }

    fn repeat(self, command: NumberedCommand) -> Transition {
        let saga = Self { unreceived: self.unreceived.saturating_add(1), ..self };
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
            Some(next) => Self { attempt: 0, ..self }.run(next.name, order),
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
        let mut transition = Transition::of(Self { attempt: 0, phase: Phase::Ended(end), ..self });
        transition.entries.extend(entry);
        transition
    }
}

/// What operators and the store read.
impl OrderSaga {
    pub const fn plan(&self) -> &'static Plan {
        self.plan.plan()
    }

    pub const fn plan_version(&self) -> PlanVersion {
        self.plan
    }

    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The command whose reply it waits for, as it was sent last. `None` while delivering, when several commands or
    /// none may be open.
    pub fn open_command(&self, order: &Order) -> Option<NumberedCommand> {
        let command = match self.phase {
            Phase::Running(step) => (self.step_of_plan(step).command)(order, &self.allocation),
            Phase::Undoing { step, .. } => (self.step_of_plan(step).compensation)(order.id),
            Phase::Delivering | Phase::Ended(_) => return None,
        };
        Some(NumberedCommand { generation: self.generation, command })
    }

    /// The queues whose consumers send the replies that it waits for.
    pub fn awaited_queues(&self) -> &'static [Queue] {
        match self.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } => slice::from_ref(&self.step_of_plan(step).queue),
            Phase::Delivering if self.outstanding().next().is_some() => &[Queue::Payments, Queue::Inventory],
            Phase::Delivering => &[Queue::Shipping],
            Phase::Ended(_) => &[],
        }
    }

    /// The number of commands that it has sent. It identifies the open command: an operator who read the saga with this
    /// number acts on that command.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    pub fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }

    pub fn phase_name(&self) -> PhaseName {
        match self.phase {
            _ if self.is_stuck() => PhaseName::Stuck,
            Phase::Running(_) => PhaseName::Running,
            Phase::Undoing { .. } => PhaseName::Undoing,
            Phase::Delivering => PhaseName::Delivering,
            Phase::Ended(_) => PhaseName::Ended,
        }
    }

    /// The step that is run or undone; `None` once the saga has ended.
    pub fn step_name(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } => Some(step.into()),
            Phase::Delivering => Some("deliver_shipments"),
            Phase::Ended(_) => None,
        }
    }

    /// True when the open command was sent so often without a reply that an operator has to act.
    pub fn is_stuck(&self) -> bool {
        self.retry_policy().is_some_and(|policy| self.attempt >= policy.stuck_after)
    }

    /// When to call [`Self::on_deadline`] unless a reply arrives first.
    pub fn deadline(&self, time_scale: TimeScale, now: Timestamp) -> Timestamp {
        now + time_scale.scale(self.wait())
    }

    fn wait(&self) -> Duration {
        let sent = self.attempt.saturating_add(self.unreceived);
        match (self.retry_policy(), &self.phase) {
            (Some(policy), _) => policy.backoff.wait(sent),
            (None, Phase::Running(step)) => self.step_of_plan(*step).backoff.wait(sent),
            (None, Phase::Delivering) => self.plan().delivery.tracking_backoff.wait(sent),
            (None, Phase::Undoing { .. } | Phase::Ended(_)) => Duration::ZERO,
        }
    }

    /// The retry policy of commands that are never given up; `None` when no such command is open.
    pub(super) fn retry_policy(&self) -> Option<&'static RetryPolicy> {
        match self.phase {
            Phase::Undoing { .. } => Some(&self.plan().undo),
            Phase::Delivering if self.outstanding().next().is_some() => Some(&self.plan().delivery.retry),
            Phase::Delivering | Phase::Running(_) | Phase::Ended(_) => None,
        }
    }

    pub(super) fn step_of_plan(&self, name: StepName) -> &'static Step {
        self.plan().step(name).expect("a saga holds steps of its own plan only")
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a saga is plain data")
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(json: &str) -> Result<Self, SagaError> {
        let saga: Self = serde_json::from_str(json).map_err(|error| SagaError::Unreadable(error.to_string()))?;
        match saga.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } if saga.plan().step(step).is_none() => {
                Err(SagaError::Unreadable(format!("plan {} has no step {step}", saga.plan.number())))
            }
            _ => Ok(saga),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
