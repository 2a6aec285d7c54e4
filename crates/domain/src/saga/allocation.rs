//! What the saga stores about an order's lines: as ordered until stock is reserved, then per shipment.

use super::error::SagaError;
use crate::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use crate::messages::{Allocation, BookShipments, ShipmentRequest};
use crate::money::{Currency, Money};
use crate::order::Order;
use crate::order::pricing::PricedLine;
use crate::product::{Line, Quantity, Sku};
use crate::shipment::{Milestone, Transport};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A line of an order with its unit price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocatedLine {
    pub sku: Sku,
    pub quantity: Quantity,
    pub unit_price_minor: i64,
    /// Absent in sagas of plan 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<UserId>,
    /// Tax minus discount, for all units together. Absent in the sagas of earlier versions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub adjustment_minor: i64,
}

impl From<&PricedLine> for AllocatedLine {
    fn from(line: &PricedLine) -> Self {
        Self {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price_minor: line.unit_price.amount_minor,
            vendor: Some(line.vendor_id),
            // Neither is negative, so the difference does not overflow.
            adjustment_minor: line.tax_minor.get() - line.discount_minor.get(),
        }
    }
}

impl AllocatedLine {
    /// What this many of its units cost with their share of tax and discount, rounded down. At most the line's total,
    /// which was checked when the order was placed.
    fn cost_of(&self, units: i64) -> i64 {
        let all = i128::from(self.quantity.get());
        let total = i128::from(self.unit_price_minor) * all + i128::from(self.adjustment_minor);
        i64::try_from((total * i128::from(units)).div_euclid(all)).unwrap_or(i64::MAX)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SagaAllocation {
    /// No stock is known to be reserved.
    Ordered(Vec<AllocatedLine>),
    /// Stock is reserved; the booking may have been sent.
    Allocated(Vec<PlannedShipment>),
    /// The carrier has accepted the booking.
    Booked(Vec<PlannedShipment>),
}

/// The lines of one vendor that leave one warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the stored JSON that older versions read")]
pub(super) struct PlannedShipment {
    pub warehouse: WarehouseId,
    /// Absent in sagas of plan 1: the lines may be of several vendors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<UserId>,
    pub lines: Vec<Line>,
    /// What is captured for it. The shipments of an order add up to its total.
    pub amount: i64,
    #[serde(default, alias = "way", skip_serializing_if = "is_default")]
    progress: CarrierProgress,
    /// Refines [`CarrierProgress::HandedOver`]. Not a variant of that enum, because older versions could not read it.
    #[serde(default, skip_serializing_if = "is_default")]
    in_transit: bool,
    /// As the last report named it, for the timeline.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transport: Option<Transport>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub captured: bool,
    /// A person gave up a declined capture: the shipment is done, but its amount was not captured.
    #[serde(default, skip_serializing_if = "is_default")]
    pub written_off: bool,
    /// Payments have not recorded the write-off yet. Absent in the sagas of earlier versions, which did not tell them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub write_off_open: bool,
    /// Why the gateway declined the last capture; cleared when a person has it captured again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capture_declined: Option<String>,
    /// How often a person had it captured again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capture_repeats: u32,
    #[serde(default, alias = "deducted", skip_serializing_if = "is_default")]
    pub stock_shipped: bool,
    /// The levels of delay that the timeline has recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delays: BTreeSet<u16>,
}

/// The carrier's last milestone, as it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CarrierProgress {
    #[default]
    Waiting,
    HandedOver,
    Delivered,
}

impl SagaAllocation {
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::Ordered(lines) => {
                lines.iter().map(|line| Line { sku: line.sku.clone(), quantity: line.quantity }).collect()
            }
            Self::Allocated(shipments) | Self::Booked(shipments) => {
                shipments.iter().flat_map(|shipment| shipment.lines.clone()).collect()
            }
        }
    }

    pub fn shipments(&self) -> &[PlannedShipment] {
        match self {
            Self::Ordered(_) => &[],
            Self::Allocated(shipments) | Self::Booked(shipments) => shipments,
        }
    }

    pub fn shipments_mut(&mut self) -> &mut [PlannedShipment] {
        match self {
            Self::Ordered(_) => &mut [],
            Self::Allocated(shipments) | Self::Booked(shipments) => shipments,
        }
    }

    pub fn shipment_mut(&mut self, order: OrderId, id: ShipmentId) -> Option<&mut PlannedShipment> {
        self.shipments_mut().iter_mut().find(|shipment| shipment.id(order) == id)
    }

    pub fn booked(self) -> Self {
        match self {
            Self::Allocated(shipments) => Self::Booked(shipments),
            other => other,
        }
    }

    /// The order's lines as inventory reserved them. The reserved units must be exactly those that were ordered.
    pub fn allocated(self, allocations: &[Allocation], total: Money) -> Result<Self, SagaError> {
        match self {
            Self::Ordered(lines) => Ok(Self::Allocated(shipments(&lines, allocations, total)?)),
            other => Ok(other),
        }
    }
}

impl PlannedShipment {
    pub fn id(&self, order: OrderId) -> ShipmentId {
        match self.vendor {
            Some(vendor) => ShipmentId::of_vendor(order, self.warehouse, vendor),
            None => ShipmentId::of(order, self.warehouse),
        }
    }

    pub fn skus(&self) -> Vec<Sku> {
        self.lines.iter().map(|line| line.sku.clone()).collect()
    }

    pub fn money(&self, currency: Currency) -> Money {
        Money { amount_minor: self.amount, currency }
    }

    /// The carrier has it, but its amount is neither captured nor written off, or its stock is not shipped.
    pub fn is_outstanding(&self) -> bool {
        let is_settled = self.is_captured_or_written_off() && !self.write_off_open;
        self.progress != CarrierProgress::Waiting && !(is_settled && self.stock_shipped)
    }

    fn is_captured_or_written_off(&self) -> bool {
        self.captured || self.written_off
    }

    /// Gives up a declined capture, and returns the shipment. `None` if it was not declined.
    pub fn write_off(&mut self) -> Option<Self> {
        self.capture_declined.take()?;
        (self.written_off, self.write_off_open) = (true, true);
        Some(self.clone())
    }

    /// It is outstanding, and a command is open: a declined capture is not repeated until a person acts.
    pub fn has_open_command(&self) -> bool {
        self.is_outstanding() && (self.is_capture_open() || self.write_off_open || !self.stock_shipped)
    }

    pub fn is_capture_open(&self) -> bool {
        !self.is_captured_or_written_off() && self.capture_declined.is_none()
    }

    /// The attempt of its capture, counted from one.
    pub fn capture_attempt(&self) -> u32 {
        self.capture_repeats + 1
    }

    /// Opens a declined capture again, and returns the shipment. `None` if it was not declined.
    pub fn repeat_capture(&mut self) -> Option<Self> {
        self.capture_declined.take()?;
        self.capture_repeats += 1;
        Some(self.clone())
    }

    /// The latest milestone that the carrier reported; `None` before the hand-over.
    pub fn milestone(&self) -> Option<Milestone> {
        match self.progress {
            CarrierProgress::Waiting => None,
            CarrierProgress::HandedOver if self.in_transit => Some(Milestone::InTransit),
            CarrierProgress::HandedOver => Some(Milestone::HandedOver),
            CarrierProgress::Delivered => Some(Milestone::Delivered),
        }
    }

    pub fn reach(&mut self, milestone: Milestone) {
        (self.progress, self.in_transit) = match milestone {
            Milestone::HandedOver => (CarrierProgress::HandedOver, false),
            Milestone::InTransit => (CarrierProgress::HandedOver, true),
            Milestone::Delivered => (CarrierProgress::Delivered, false),
        };
    }

    /// Clears the progress, and returns the milestone that it had reached.
    pub fn reset_progress(&mut self) -> Option<Milestone> {
        let reached = self.milestone();
        (self.progress, self.in_transit) = (CarrierProgress::Waiting, false);
        reached
    }

    pub fn is_done(&self) -> bool {
        self.progress == CarrierProgress::Delivered && !self.is_outstanding()
    }
}

pub(super) fn booking(order: &Order, shipments: &[PlannedShipment]) -> BookShipments {
    let request = |shipment: &PlannedShipment| ShipmentRequest {
        shipment_id: shipment.id(order.id),
        warehouse_id: shipment.warehouse,
        vendor_id: shipment.vendor,
        lines: shipment.lines.clone(),
    };
    let shipments = shipments.iter().map(request).collect();
    BookShipments { order_id: order.id, shipments, has_recipient: order.has_recipient }
}

/// One shipment per warehouse and vendor, sorted by their ids. The last one gets what the others leave of the total,
/// which includes what the order costs beside its lines.
///
/// No sum overflows: none is greater than the total, whose addition was checked when the order was placed.
fn shipments(
    lines: &[AllocatedLine],
    allocations: &[Allocation],
    total: Money,
) -> Result<Vec<PlannedShipment>, SagaError> {
    check_units(lines, allocations)?;
    // Each line with its units that are in earlier allocations: the shares of a line add up to its total.
    let mut charged: HashMap<&Sku, (&AllocatedLine, i64)> = lines.iter().map(|line| (&line.sku, (line, 0))).collect();
    let mut planned: BTreeMap<(WarehouseId, Option<UserId>), PlannedShipment> = BTreeMap::new();
    for allocation in allocations {
        let warehouse = allocation.warehouse_id;
        let Some((line, before)) = charged.get_mut(&allocation.sku) else { continue };
        let shipment = planned.entry((warehouse, line.vendor));
        let shipment = shipment.or_insert_with(|| PlannedShipment::empty(warehouse, line.vendor));
        shipment.lines.push(Line { sku: allocation.sku.clone(), quantity: allocation.quantity });
        let after = *before + i64::from(allocation.quantity.get());
        shipment.amount += line.cost_of(after) - line.cost_of(*before);
        *before = after;
    }
    let mut shipments: Vec<PlannedShipment> = planned.into_values().collect();
    if let Some((last, others)) = shipments.split_last_mut() {
        last.amount = total.amount_minor - others.iter().map(|shipment| shipment.amount).sum::<i64>();
    }
    if shipments.iter().any(|shipment| shipment.amount < 0) {
        return Err(SagaError::Contradiction(format!("the lines cost more than the total, {total}")));
    }
    Ok(shipments)
}

fn check_units(lines: &[AllocatedLine], allocations: &[Allocation]) -> Result<(), SagaError> {
    let mut units: HashMap<&Sku, i64> = HashMap::new();
    for line in lines {
        *units.entry(&line.sku).or_default() += i64::from(line.quantity.get());
    }
    for allocation in allocations {
        *units.entry(&allocation.sku).or_default() -= i64::from(allocation.quantity.get());
    }
    match units.iter().find(|(_, missing)| **missing != 0) {
        None => Ok(()),
        Some((sku, missing)) => Err(SagaError::Contradiction(format!("{missing} units of {sku} are not allocated"))),
    }
}

impl PlannedShipment {
    fn empty(warehouse: WarehouseId, vendor: Option<UserId>) -> Self {
        Self {
            warehouse,
            vendor,
            lines: Vec::new(),
            amount: 0,
            progress: CarrierProgress::Waiting,
            in_transit: false,
            transport: None,
            captured: false,
            written_off: false,
            write_off_open: false,
            capture_declined: None,
            capture_repeats: 0,
            stock_shipped: false,
            delays: BTreeSet::new(),
        }
    }
}

/// Omitted from the stored JSON, which is rewritten with every transition.
fn is_default<T: Default + PartialEq>(member: &T) -> bool {
    *member == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use uuid::Uuid;

    /// A line of ten units at 100, split over three warehouses, and an order total with shipping.
    #[rstest]
    #[case(0, 1_000, [300, 300, 400])]
    #[case(99, 1_099, [329, 330, 440])]
    #[case(-999, 1, [0, 0, 1])]
    #[case(-1_000, 50, [0, 0, 50])]
    fn the_shipments_share_tax_and_discount_and_add_up_to_the_total(
        #[case] adjustment_minor: i64,
        #[case] total: i64,
        #[case] amounts: [i64; 3],
    ) {
        let sku: Sku = "A".parse().unwrap();
        let quantity = |units: u32| Quantity::try_from(units).unwrap();
        let (unit_price_minor, vendor) = (100, None);
        let line =
            AllocatedLine { sku: sku.clone(), quantity: quantity(10), unit_price_minor, vendor, adjustment_minor };
        let allocation = |(number, units): (u128, u32)| Allocation {
            warehouse_id: WarehouseId::from_uuid(Uuid::from_u128(number)),
            sku: sku.clone(),
            quantity: quantity(units),
        };
        let allocations: Vec<_> = [(1, 3), (2, 3), (3, 4)].map(allocation).into();
        let total = Money::new(total, "USD".parse().unwrap()).unwrap();

        let shipments = shipments(&[line], &allocations, total).unwrap();

        assert_eq!(shipments.iter().map(|shipment| shipment.amount).collect::<Vec<_>>(), amounts);
    }

    #[test]
    fn a_line_of_an_earlier_version_has_no_adjustment() {
        let line: AllocatedLine = serde_json::from_str(r#"{"sku":"A","quantity":1,"unit_price_minor":5}"#).unwrap();
        assert_eq!(line.adjustment_minor, 0);
        assert_eq!(serde_json::to_string(&line).unwrap(), r#"{"sku":"A","quantity":1,"unit_price_minor":5}"#);
    }
}
