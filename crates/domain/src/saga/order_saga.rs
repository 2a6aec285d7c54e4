//! The state of an order's saga, and what operators and the store read of it.

use super::allocation::SagaAllocation;
use super::authorization::SagaAuthorization;
use super::command::NumberedCommand;
use super::error::SagaError;
use super::phase::{Phase, PhaseName};
use super::plan::{Plan, PlanVersion};
use super::planned_shipment::is_default;
use super::refund_outcomes::SagaRefunds;
use super::retry_policy::{Backoff, RetryPolicy, WaitPolicy};
use super::steps::Step;
use super::time_scale::TimeScale;
use crate::Timestamp;
use crate::ids::ShipmentId;
use crate::messages::Queue;
use crate::order::Order;
use crate::product::Sku;
use crate::step_name::StepName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::time::Duration;

/// What follows the last step of the plan, named like a step.
const DELIVER_SHIPMENTS: &str = "deliver_shipments";

/// The saga of one order. Stored as JSON: see [`Self::to_json`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSaga {
    #[serde(rename = "plan")]
    pub(super) plan_version: PlanVersion,
    /// See [`Self::generation`].
    pub(super) generation: u32,
    /// How often the open command was sent, counted from one. While delivering, counted since the last reply or report.
    /// 0 once ended.
    pub(super) attempt: u32,
    /// How often the open command was sent again because no consumer had received it. Not counted as attempts.
    #[serde(rename = "unreceived", default, skip_serializing_if = "is_zero")]
    pub(super) resends: u32,
    pub(super) phase: Phase,
    /// The reply to the open command said that its effect comes later. Only while a step runs.
    #[serde(rename = "waiting", default, skip_serializing_if = "is_default")]
    pub(super) is_waiting: bool,
    /// `goods` in the sagas of earlier versions.
    #[serde(alias = "goods")]
    pub(super) allocation: SagaAllocation,
    /// What is known of the order's refunds. Absent in the sagas of earlier versions.
    #[serde(default, skip_serializing_if = "SagaRefunds::is_empty")]
    pub(super) refunds: SagaRefunds,
    /// Shipments that the carrier has although they were cancelled or replaced, until a person has decided.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) moved_although_cancelled: BTreeSet<ShipmentId>,
    /// The units of each SKU that were cancelled before their hand-over.
    #[serde(rename = "cancelled", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) cancelled_units: BTreeMap<Sku, u32>,
    /// Absent in the sagas of earlier versions.
    #[serde(default, skip_serializing_if = "SagaAuthorization::is_default")]
    pub(super) authorization: SagaAuthorization,
}

/// What operators and the store read.
impl OrderSaga {
    pub const fn plan(&self) -> &'static Plan {
        self.plan_version.plan()
    }

    pub const fn plan_version(&self) -> PlanVersion {
        self.plan_version
    }

    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The command whose reply it waits for, as it was sent last. `None` once ended, and while delivering, when several
    /// commands or none may be open.
    pub fn open_command(&self, order: &Order) -> Option<NumberedCommand> {
        let command = match self.phase {
            Phase::Running(step) => (self.step_of_plan(step).command)(order, &self.allocation),
            Phase::Undoing { step, .. } => (self.step_of_plan(step).compensation)(order.id),
            Phase::Delivering | Phase::Ended(_) => return None,
        };
        Some(NumberedCommand { generation: self.generation, command })
    }

    /// The queues that need a consumer before repeating the open commands makes sense. While shipments are outstanding,
    /// Shipping is left out: without its consumers their progress can't be tracked, but they can be captured and shipped.
    pub fn awaited_queues(&self) -> &'static [Queue] {
        match self.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } => slice::from_ref(&self.step_of_plan(step).queue),
            Phase::Delivering if self.has_open_amendment() => &[Queue::Payments, Queue::Inventory, Queue::Shipping],
            Phase::Delivering if self.has_open_delivery_command() => &[Queue::Payments, Queue::Inventory],
            Phase::Delivering => &[Queue::Shipping],
            Phase::Ended(_) => &[],
        }
    }

    /// The number of the last command, counted from one. Changes with every new command: an operator's action is refused
    /// if it has changed since the saga was read. Sending a command again that no consumer has received keeps it.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The units of each SKU that were cancelled before their hand-over.
    pub const fn cancelled_units(&self) -> &BTreeMap<Sku, u32> {
        &self.cancelled_units
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

    /// The step that is run or undone, or `deliver_shipments`; `None` once the saga has ended.
    pub fn step_name(&self) -> Option<&'static str> {
        match self.phase {
            Phase::Running(step) | Phase::Undoing { step, .. } => Some(step.into()),
            Phase::Delivering => Some(DELIVER_SHIPMENTS),
            Phase::Ended(_) => None,
        }
    }

    /// True when the open command was sent so often without a reply that an operator has to act. Never while a step runs:
    /// that is given up instead.
    pub fn is_stuck(&self) -> bool {
        self.retry_policy().is_some_and(|policy| self.attempt >= policy.stuck_after)
    }

    /// When to call [`Self::on_deadline`] unless a reply arrives first.
    pub fn deadline(&self, time_scale: TimeScale, now: Timestamp) -> Timestamp {
        now + time_scale.scale(self.wait())
    }

    fn wait(&self) -> Duration {
        let sent = self.attempt.saturating_add(self.resends);
        match (self.retry_policy(), &self.phase) {
            (Some(policy), _) => policy.backoff.wait(sent),
            (None, Phase::Running(step)) => self.step_backoff(self.step_of_plan(*step)).wait(sent),
            (None, Phase::Delivering) => self.plan().delivery.tracking_backoff.wait(sent),
            // An undoing saga always has a retry policy, and an ended one is not woken.
            (None, Phase::Undoing { .. } | Phase::Ended(_)) => Duration::ZERO,
        }
    }

    fn step_backoff(&self, step: &Step) -> Backoff {
        self.wait_policy(step).map_or(step.backoff, |policy| policy.backoff)
    }

    /// The policy that applies instead of the step's own while it waits.
    pub(super) fn wait_policy(&self, step: &Step) -> Option<WaitPolicy> {
        step.waiting.filter(|_| self.is_waiting)
    }

    /// The retry policy of commands that are never given up; `None` when no such command is open.
    pub(super) fn retry_policy(&self) -> Option<&'static RetryPolicy> {
        match self.phase {
            Phase::Undoing { .. } => Some(&self.plan().undo),
            Phase::Delivering if self.has_open_delivery_command() => Some(&self.plan().delivery.retry),
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
                Err(SagaError::Unreadable(format!("plan {} has no step {step}", saga.plan_version.number())))
            }
            _ => Ok(saga),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
