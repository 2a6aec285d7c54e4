//! What the saga stores about an order's lines: as ordered until stock is reserved, then per shipment.

use super::error::SagaError;
use super::planned_shipment::{PlannedShipment, is_default};
use crate::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use crate::messages::{Allocation, BookShipments, ReserveLine, ShipmentRequest};
use crate::money::Money;
use crate::order::Order;
use crate::order::pricing::PricedLine;
use crate::product::{Line, Quantity, Sku};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

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
    /// Whether the order waits for units that are out of stock. Absent in the sagas of earlier versions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub may_wait: bool,
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
            may_wait: line.may_wait,
        }
    }
}

impl AllocatedLine {
    fn to_reserve(&self) -> ReserveLine {
        ReserveLine { sku: self.sku.clone(), quantity: self.quantity, may_wait: self.may_wait }
    }

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

impl SagaAllocation {
    /// The lines to reserve. Those of an order that is allocated are all reserved.
    pub fn lines(&self) -> Vec<ReserveLine> {
        match self {
            Self::Ordered(lines) => lines.iter().map(AllocatedLine::to_reserve).collect(),
            Self::Allocated(shipments) | Self::Booked(shipments) => {
                shipments.iter().flat_map(|shipment| shipment.lines.clone()).map(ReserveLine::from).collect()
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

    /// `None` for a shipment that is cancelled, or replaced.
    pub fn live_shipment_mut(&mut self, order: OrderId, id: ShipmentId) -> Option<&mut PlannedShipment> {
        self.shipment_mut(order, id).filter(|shipment| !shipment.is_cancelled())
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
        let line = AllocatedLine {
            sku: sku.clone(),
            quantity: quantity(10),
            unit_price_minor: 100,
            vendor: None,
            adjustment_minor,
            may_wait: false,
        };
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
