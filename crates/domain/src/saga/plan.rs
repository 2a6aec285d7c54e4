//! THE TABLE: the steps of an order's saga, each with its command, its compensation and its backoff.
//!
//! A saga keeps the version of the plan that it was started with. A changed plan is a new row of [`PLANS`]; an old one
//! stays as long as an active saga uses it.

use crate::messages::Queue;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// One version of the saga.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    pub version: u16,
    /// The steps until the order is confirmed. Each can be undone; one command is open at a time.
    pub steps: &'static [Step],
    /// For every compensation; they are never given up.
    pub undo: RetryPolicy,
    /// After a shipment's hand-over to its carrier nothing is undone.
    pub delivery: Delivery,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub name: StepName,
    /// The message type of the command.
    pub command: &'static str,
    /// The message type of the compensation.
    pub undo: &'static str,
    pub backoff: Backoff,
    /// After so many attempts without a reply the step counts as possibly done, and is undone.
    pub attempts_max: u32,
    pub on_refusal: OnRefusal,
    /// The reason of the rejection when the step is given up.
    pub unavailable: &'static str,
}

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
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StepName {
    ReserveStock,
    AuthorizePayment,
    BookShipments,
}

/// What follows for each shipment when its carrier has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message types of the commands that are sent per shipment; they are never given up.
    pub commands: &'static [&'static str],
    pub retry: RetryPolicy,
    /// The message type of the command that is sent when the carrier has not reported for so long.
    pub tracking_command: &'static str,
    pub tracking_backoff: Backoff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum OnRefusal {
    /// Undo the earlier steps, the last one first, and reject the order.
    UndoEarlierAndReject,
}

/// How long to wait for a reply: exponential backoff with an upper limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub initial: Duration,
    pub factor: u32,
    pub max: Duration,
}

/// How a command is retried that is never given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub backoff: Backoff,
    /// After so many attempts without a reply the order needs attention.
    pub attention_after: u32,
    /// After so many attempts without a reply the saga is shown as stuck. The command is still retried.
    pub stuck_after: u32,
}

const PLANS: &[Plan] = &[Plan {
    version: 1,
    steps: &[
        Step {
            name: StepName::ReserveStock,
            command: "inventory.reserve.v1",
            undo: "inventory.release.v1",
            backoff: Backoff { initial: Duration::from_mins(1), factor: 2, max: Duration::from_mins(5) },
            attempts_max: 6,
            on_refusal: OnRefusal::UndoEarlierAndReject,
            unavailable: "stock_unavailable",
        },
        Step {
            name: StepName::AuthorizePayment,
            command: "payment.authorize.v1",
            undo: "payment.void.v1",
            backoff: Backoff { initial: Duration::from_secs(30), factor: 2, max: Duration::from_mins(5) },
            attempts_max: 4,
            on_refusal: OnRefusal::UndoEarlierAndReject,
            unavailable: "payment_unavailable",
        },
        Step {
            name: StepName::BookShipments,
            command: "shipment.book.v1",
            undo: "shipment.cancel.v1",
            backoff: Backoff { initial: Duration::from_secs(30), factor: 2, max: Duration::from_mins(5) },
            attempts_max: 6,
            on_refusal: OnRefusal::UndoEarlierAndReject,
            unavailable: "shipping_unavailable",
        },
    ],
    undo: RetryPolicy {
        backoff: Backoff { initial: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) },
        attention_after: 5,
        stuck_after: 10,
    },
    delivery: Delivery {
        commands: &["payment.capture.v1", "inventory.ship.v1"],
        retry: RetryPolicy {
            backoff: Backoff { initial: Duration::from_secs(30), factor: 2, max: Duration::from_mins(10) },
            attention_after: 5,
            stuck_after: 10,
        },
        tracking_command: "shipment.track.v1",
        tracking_backoff: Backoff { initial: Duration::from_mins(5), factor: 2, max: Duration::from_hours(6) },
    },
}];

/// A plan of [`PLANS`], stored as its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct PlanVersion(&'static Plan);

impl PlanVersion {
    /// The plan of new orders.
    pub const CURRENT: Self = Self(&PLANS[PLANS.len() - 1]);

    pub const fn plan(self) -> &'static Plan {
        self.0
    }

    pub const fn number(self) -> u16 {
        self.0.version
    }
}

impl TryFrom<u16> for PlanVersion {
    type Error = String;

    fn try_from(version: u16) -> Result<Self, String> {
        let known = PLANS.iter().find(|plan| plan.version == version);
        known.map(Self).ok_or_else(|| format!("there is no plan {version}"))
    }
}

impl From<PlanVersion> for u16 {
    fn from(version: PlanVersion) -> Self {
        version.number()
    }
}

impl Plan {
    pub fn step(&self, name: StepName) -> Option<&'static Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Every plan has steps, as a test checks.
    pub const fn first(&self) -> &'static Step {
        &self.steps[0]
    }

    pub const fn last(&self) -> &'static Step {
        &self.steps[self.steps.len() - 1]
    }

    pub fn after(&self, name: StepName) -> Option<&'static Step> {
        self.steps.iter().skip_while(|step| step.name != name).nth(1)
    }

    pub fn before(&self, name: StepName) -> Option<&'static Step> {
        self.steps.iter().take_while(|step| step.name != name).last()
    }
}

impl StepName {
    /// The queues whose consumers handle its command and its compensation.
    pub(super) const fn queues(self) -> &'static [Queue] {
        match self {
            Self::ReserveStock => &[Queue::Inventory],
            Self::AuthorizePayment => &[Queue::Payments],
            Self::BookShipments => &[Queue::Shipping],
        }
    }
}

impl Backoff {
    /// How long to wait after the `attempt`th attempt, counted from one.
    pub fn wait(&self, attempt: u32) -> Duration {
        let factor = self.factor.saturating_pow(attempt.saturating_sub(1));
        self.initial.saturating_mul(factor).min(self.max)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan {}", self.version)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{} {step}", number + 1)?;
        }
        writeln!(f, "undo: {}", self.undo)?;
        writeln!(f, "then, per shipment handed over: {}", self.delivery.commands.join(" and "))?;
        writeln!(f, "  {}", self.delivery.retry)?;
        let Delivery { tracking_command, tracking_backoff, .. } = &self.delivery;
        writeln!(f, "and while waiting for the carrier: {tracking_command} | {tracking_backoff}")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | undo {}", self.name, self.command, self.undo)?;
        write!(f, " | {}, {} attempts, then {}", self.backoff, self.attempts_max, self.unavailable)?;
        write!(f, " | on refusal {}", self.on_refusal)
    }
}

impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.factor {
            1 => write!(f, "{} s", self.initial.as_secs()),
            factor => write!(f, "{} s, times {factor}, up to {} s", self.initial.as_secs(), self.max.as_secs()),
        }
    }
}

impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backoff, attention_after, stuck_after } = self;
        write!(f, "{backoff}, without limit | attention after {attention_after}, stuck after {stuck_after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_grows_up_to_its_limit_and_never_overflows() {
        let backoff = Backoff { initial: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) };

        let waits: Vec<u64> = [1, 2, 3, 7, 8, 1_000, u32::MAX].map(|n| backoff.wait(n).as_secs()).into();

        assert_eq!(waits, [10, 20, 40, 600, 600, 600, 600]);
    }

    #[test]
    fn plans_have_steps_and_rising_versions() {
        let versions: Vec<u16> = PLANS.iter().map(|plan| plan.version).collect();

        assert!(PLANS.iter().all(|plan| !plan.steps.is_empty()));
        assert!(versions.is_sorted_by(|earlier, later| earlier < later));
        assert_eq!(versions.last(), Some(&PlanVersion::CURRENT.number()));
    }
}
