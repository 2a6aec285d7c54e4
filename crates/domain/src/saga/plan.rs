//! The plans: the steps of an order's saga in their sequence, and how compensations and deliveries are retried.
//!
//! A saga keeps the version of the plan that it was started with. A changed plan is a new row of [`PLANS`]; an old one
//! stays as long as an active saga uses it.

use super::command::Command;
use super::delivery_commands::{amend, capture, reduce, ship, track};
use super::retry_policy::{Backoff, RetryPolicy};
use super::steps::{AUTHORIZE_PAYMENT, BOOK_SHIPMENTS, RESERVE_STOCK, Step, any_order};
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::messages::{AmendShipment, ReduceReservation};
use crate::money::Money;
use crate::product::Sku;
use crate::step_name::StepName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// One version of the saga.
#[derive(Debug)]
pub struct Plan {
    pub version: u16,
    /// The steps until the order is confirmed. Each can be undone; one command is open at a time.
    pub steps: &'static [Step],
    /// For every compensation; they are never given up.
    pub undo: RetryPolicy,
    /// After a shipment's hand-over to its carrier nothing is undone.
    pub delivery: Delivery,
}

/// What follows for each shipment when its carrier has it.
#[derive(Debug)]
pub struct Delivery {
    /// Captures the amount of the shipment, in this attempt; never given up.
    pub(super) capture: fn(OrderId, ShipmentId, Money, u32) -> Command,
    /// Deducts the stock of the shipment; never given up.
    pub(super) ship: fn(OrderId, ShipmentId, WarehouseId, Vec<Sku>) -> Command,
    /// Changes a shipment whose units are cancelled; never given up.
    pub(super) amend: fn(AmendShipment) -> Command,
    /// Releases the stock of these units once the shipment is amended; never given up.
    pub(super) reduce: fn(ReduceReservation) -> Command,
    pub retry: RetryPolicy,
    /// Sent when the carrier has not reported for so long.
    pub(super) track: fn(OrderId) -> Command,
    pub tracking_backoff: Backoff,
}

const PLANS: &[Plan] = &[
    // One shipment per warehouse: the lines of these sagas have no vendors.
    reserve_authorize_book(1),
    // One shipment per warehouse and vendor. It has a version of its own because the version before would confuse the
    // shipments of one warehouse. It does not read these sagas instead.
    reserve_authorize_book(2),
];

const fn reserve_authorize_book(version: u16) -> Plan {
    Plan {
        version,
        steps: &[RESERVE_STOCK, AUTHORIZE_PAYMENT, BOOK_SHIPMENTS],
        undo: RetryPolicy {
            backoff: Backoff { initial: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) },
            attention_after: 5,
            stuck_after: 10,
        },
        delivery: Delivery {
            capture,
            ship,
            amend,
            reduce,
            retry: RetryPolicy {
                backoff: Backoff { initial: Duration::from_secs(30), factor: 2, max: Duration::from_mins(10) },
                attention_after: 5,
                stuck_after: 10,
            },
            track,
            tracking_backoff: Backoff { initial: Duration::from_mins(5), factor: 2, max: Duration::from_hours(6) },
        },
    }
}

/// A plan of [`PLANS`], stored as its version.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct PlanVersion(&'static Plan);

impl PlanVersion {
    /// The plan of new orders.
    pub const CURRENT: Self = Self(&PLANS[PLANS.len() - 1]);

    /// Every plan that a stored saga may have, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        PLANS.iter().map(Self)
    }

    pub const fn plan(self) -> &'static Plan {
        self.0
    }

    pub const fn number(self) -> u16 {
        self.0.version
    }
}

impl PartialEq for PlanVersion {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for PlanVersion {}

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

impl Delivery {
    /// The message types of the commands that are sent per shipment.
    pub fn command_types(&self) -> [&'static str; 2] {
        let (order, warehouse) = (any_order(), WarehouseId::from_uuid(Uuid::nil()));
        let shipment = ShipmentId::of(order.id, warehouse);
        let commands = [
            (self.capture)(order.id, shipment, order.total, 1),
            (self.ship)(order.id, shipment, warehouse, Vec::new()),
        ];
        commands.map(|command| command.type_name())
    }

    /// The message types of the commands that are sent per amended shipment.
    pub fn amendment_types(&self) -> [&'static str; 2] {
        let (order_id, warehouse_id) = (any_order().id, WarehouseId::from_uuid(Uuid::nil()));
        let shipment_id = ShipmentId::of(order_id, warehouse_id);
        let amend = AmendShipment { order_id, shipment_id, amendment: 1, replacement: None };
        let reduce = ReduceReservation { order_id, shipment_id, warehouse_id, lines: Vec::new() };
        [(self.amend)(amend), (self.reduce)(reduce)].map(|command| command.type_name())
    }

    /// The message type of the command that tracks shipments.
    pub fn tracking_type(&self) -> &'static str {
        (self.track)(any_order().id).type_name()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan {}", self.version)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{} {step}", number + 1)?;
        }
        writeln!(f, "undo: {}", self.undo)?;
        writeln!(f, "then, per shipment handed over: {}", self.delivery.command_types().join(" and "))?;
        writeln!(f, "  {}", self.delivery.retry)?;
        writeln!(f, "per shipment whose units are cancelled: {}", self.delivery.amendment_types().join(", then "))?;
        writeln!(f, "  {}", self.delivery.retry)?;
        let (tracking, backoff) = (self.delivery.tracking_type(), &self.delivery.tracking_backoff);
        writeln!(f, "and while waiting for the carrier: {tracking} | {backoff}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_have_steps_and_rising_versions() {
        let versions: Vec<u16> = PLANS.iter().map(|plan| plan.version).collect();

        assert!(PLANS.iter().all(|plan| !plan.steps.is_empty()));
        assert!(versions.is_sorted_by(|earlier, later| earlier < later));
        assert_eq!(versions.last(), Some(&PlanVersion::CURRENT.number()));
    }
}
