//! THE TABLE: what is asked for an order, in which order, how patiently, and how each step is undone.
//!
//! A saga keeps the version of the plan that it was started with. A changed plan is a new row of [`PLANS`]; an old one
//! stays for as long as a saga that stands in it is alive.

use crate::messages::Queue;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    pub version: u16,
    /// Until the order is confirmed; each can be undone. One question is open at a time.
    pub steps: &'static [Step],
    /// For every undo: asked again without end.
    pub undo: Persistence,
    /// From the hand-over to the carrier there is no way back.
    pub delivery: Delivery,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub name: StepName,
    pub command: &'static str,
    pub undo: &'static str,
    pub patience: Patience,
    /// Asked so often without an answer, it counts as possibly done and is undone.
    pub attempts_max: u32,
    pub on_refusal: OnRefusal,
    /// The reason of the rejection when nobody answers.
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
    /// Sent once for each shipment; asked again without end.
    pub commands: &'static [&'static str],
    pub settle: Persistence,
    /// Sent when the carrier was not heard of for so long.
    pub inquiry: &'static str,
    pub track: Patience,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum OnRefusal {
    /// Undo what was done before, last first, and reject the order.
    UndoEarlierAndReject,
}

/// How long to wait for an answer: the first time, so many times longer each further time, and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub first: Duration,
    pub growth: u32,
    pub longest: Duration,
}

/// A question that must be answered some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persistence {
    pub patience: Patience,
    /// Asked so often without an answer, a human is called.
    pub attention_after: u32,
    /// Asked so often without an answer, the saga is shown as stuck. It goes on asking.
    pub stuck_after: u32,
}

const PLANS: &[Plan] = &[Plan {
    version: 1,
    steps: &[
        Step {
            name: StepName::ReserveStock,
            command: "inventory.reserve.v1",
            undo: "inventory.release.v1",
            patience: Patience::seconds(60, 2, 300),
            attempts_max: 6,
            on_refusal: OnRefusal::UndoEarlierAndReject,
            unavailable: "stock_unavailable",
        },
        Step {
            name: StepName::AuthorizePayment,
            command: "payment.authorize.v1",
            undo: "payment.void.v1",
            patience: Patience::seconds(30, 2, 300),
            attempts_max: 4,
            on_refusal: OnRefusal::UndoEarlierAndReject,
            unavailable: "payment_unavailable",
        },
        Step {
            name: StepName::BookShipments,
            command: "shipment.book.v1",
            undo: "shipment.cancel.v1",
            patience: Patience::seconds(30, 2, 300),
            attempts_max: 6,
            on_refusal: OnRefusal::UndoEarlierAndReject,
            unavailable: "shipping_unavailable",
        },
    ],
    undo: Persistence { patience: Patience::seconds(10, 2, 600), attention_after: 5, stuck_after: 10 },
    delivery: Delivery {
        commands: &["payment.capture.v1", "inventory.ship.v1"],
        settle: Persistence { patience: Patience::seconds(30, 2, 600), attention_after: 5, stuck_after: 10 },
        inquiry: "shipment.track.v1",
        track: Patience::seconds(300, 2, 6 * 3600),
    },
}];

/// A plan that exists, stored as its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct PlanVersion(&'static Plan);

impl PlanVersion {
    /// What new orders are started with.
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

    /// Every plan has steps; a test holds it.
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
    /// Where its command and its undo are handled.
    pub(super) const fn queues(self) -> &'static [Queue] {
        match self {
            Self::ReserveStock => &[Queue::Inventory],
            Self::AuthorizePayment => &[Queue::Payments],
            Self::BookShipments => &[Queue::Shipping],
        }
    }
}

impl Patience {
    const fn seconds(first: u64, growth: u32, longest: u64) -> Self {
        Self { first: Duration::from_secs(first), growth, longest: Duration::from_secs(longest) }
    }

    /// How long to wait after the question was asked for the `attempt`th time, counted from one.
    pub fn wait(&self, attempt: u32) -> Duration {
        let factor = self.growth.saturating_pow(attempt.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan {}", self.version)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{} {step}", number + 1)?;
        }
        writeln!(f, "undo: {}", self.undo)?;
        writeln!(f, "then, a shipment handed over: {}", self.delivery.commands.join(" and "))?;
        writeln!(f, "  {}", self.delivery.settle)?;
        writeln!(f, "and while waiting for the carrier: {} | {}", self.delivery.inquiry, self.delivery.track)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | undo {}", self.name, self.command, self.undo)?;
        write!(f, " | {}, {} attempts, then {}", self.patience, self.attempts_max, self.unavailable)?;
        write!(f, " | on refusal {}", self.on_refusal)
    }
}

impl fmt::Display for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.growth {
            1 => write!(f, "{} s", self.first.as_secs()),
            growth => write!(f, "{} s, times {growth}, up to {} s", self.first.as_secs(), self.longest.as_secs()),
        }
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { patience, attention_after, stuck_after } = self;
        write!(f, "{patience}, without end | attention after {attention_after}, stuck after {stuck_after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_grows_up_to_its_limit_and_never_overflows() {
        let patience = Patience::seconds(10, 2, 600);

        let waits: Vec<u64> = [1, 2, 3, 7, 8, 1_000, u32::MAX].map(|n| patience.wait(n).as_secs()).into();

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
