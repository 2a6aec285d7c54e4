//! What an order's saga must remember of the goods to ask for them: lines until stock is held, parcels afterwards.

use super::error::SagaError;
use crate::ids::{OrderId, ShipmentId, WarehouseId};
use crate::messages::{Allocation, BookShipments, Parcel as ParcelToBook};
use crate::money::{Currency, Money};
use crate::order::placing;
use crate::product::{Line, Quantity, Sku};
use crate::shipment::Milestone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A line of an order with the price of one piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedLine {
    pub sku: Sku,
    pub quantity: Quantity,
    pub unit_price_minor: i64,
}

impl From<&order_request::PricedLine> for PricedLine {
    fn from(line: &order_request::PricedLine) -> Self {
        Self { sku: line.sku.clone(), quantity: line.quantity, unit_price_minor: line.unit_price.amount_minor }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goods {
    /// Nothing is known to be held.
    Ordered(Vec<PricedLine>),
    /// Held; the carrier may have been asked.
    Allocated(Vec<Parcel>),
    /// The carrier has promised to come.
    Booked(Vec<Parcel>),
}

/// What leaves one warehouse: one shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parcel {
    pub warehouse: WarehouseId,
    pub lines: Vec<Line>,
    /// What is to be captured for it. The parcels of an order add up to its total.
    pub amount: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    way: Way,
    /// Handed over, and under way since. No variant of [`Way`], which versions before could not read.
    #[serde(default, skip_serializing_if = "is_default")]
    in_transit: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub captured: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub deducted: bool,
    /// The levels of delay that were told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delays: BTreeSet<u16>,
}

/// How far the carrier said it is, as it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    #[default]
    Waiting,
    HandedOver,
    Delivered,
}

impl Goods {
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::Ordered(lines) => {
                lines.iter().map(|line| Line { sku: line.sku.clone(), quantity: line.quantity }).collect()
            }
            Self::Allocated(parcels) | Self::Booked(parcels) => {
                parcels.iter().flat_map(|parcel| parcel.lines.clone()).collect()
            }
        }
    }

    pub fn parcels(&self) -> &[Parcel] {
        match self {
            Self::Ordered(_) => &[],
            Self::Allocated(parcels) | Self::Booked(parcels) => parcels,
        }
    }

    pub fn parcels_mut(&mut self) -> &mut [Parcel] {
        match self {
            Self::Ordered(_) => &mut [],
            Self::Allocated(parcels) | Self::Booked(parcels) => parcels,
        }
    }

    pub fn parcel_mut(&mut self, order: OrderId, shipment: ShipmentId) -> Option<&mut Parcel> {
        self.parcels_mut().iter_mut().find(|parcel| parcel.shipment(order) == shipment)
    }

    pub fn booked(self) -> Self {
        match self {
            Self::Allocated(parcels) => Self::Booked(parcels),
            other => other,
        }
    }

    /// The goods as inventory holds them. What it holds must be what was ordered, piece by piece.
    pub fn allocated(self, allocations: &[Allocation], total: Money) -> Result<Self, SagaError> {
        match self {
            Self::Ordered(lines) => Ok(Self::Allocated(parcels(&lines, allocations, total)?)),
            held => Ok(held),
        }
    }
}

impl Parcel {
    pub fn shipment(&self, order: OrderId) -> ShipmentId {
        ShipmentId::of(order, self.warehouse)
    }

    pub fn money(&self, currency: Currency) -> Money {
        Money { amount_minor: self.amount, currency }
    }

    /// The carrier has it, and it is not captured or not taken off the books.
    pub fn is_owed(&self) -> bool {
        self.way != Way::Waiting && !(self.captured && self.deducted)
    }

    /// How far the carrier said it is; none before the carrier has it.
    pub fn milestone(&self) -> Option<Milestone> {
        match self.way {
            Way::Waiting => None,
            Way::HandedOver if self.in_transit => Some(Milestone::InTransit),
            Way::HandedOver => Some(Milestone::HandedOver),
            Way::Delivered => Some(Milestone::Delivered),
        }
    }

    pub fn reach(&mut self, milestone: Milestone) {
        (self.way, self.in_transit) = match milestone {
            Milestone::HandedOver => (Way::HandedOver, false),
            Milestone::InTransit => (Way::HandedOver, true),
            Milestone::Delivered => (Way::Delivered, false),
        };
    }

    /// How far it has come, forgotten.
    pub fn take_milestone(&mut self) -> Option<Milestone> {
        let reached = self.milestone();
        (self.way, self.in_transit) = (Way::Waiting, false);
        reached
    }

    pub fn is_done(&self) -> bool {
        self.way == Way::Delivered && self.captured && self.deducted
    }
}

pub(super) fn booking(order: OrderId, parcels: &[Parcel]) -> BookShipments {
    let to_book = |parcel: &Parcel| ParcelToBook {
        shipment_id: parcel.shipment(order),
        warehouse_id: parcel.warehouse,
        lines: parcel.lines.clone(),
    };
    BookShipments { order_id: order, parcels: parcels.iter().map(to_book).collect() }
}

/// One parcel a warehouse, in the order of their ids. The last takes what the lines leave of the total.
///
/// No amount overflows: none is greater than the total, which was added up with care when the order was placed.
fn parcels(lines: &[PricedLine], allocations: &[Allocation], total: Money) -> Result<Vec<Parcel>, SagaError> {
    check_pieces(lines, allocations)?;
    let prices: HashMap<&Sku, i64> = lines.iter().map(|line| (&line.sku, line.unit_price_minor)).collect();
    let mut by_warehouse: BTreeMap<WarehouseId, Parcel> = BTreeMap::new();
    for allocation in allocations {
        let parcel = by_warehouse.entry(allocation.warehouse_id).or_insert_with(|| Parcel::empty(allocation));
        parcel.lines.push(Line { sku: allocation.sku.clone(), quantity: allocation.quantity });
        parcel.amount += prices[&allocation.sku] * i64::from(allocation.quantity.get());
    }
    let mut parcels: Vec<Parcel> = by_warehouse.into_values().collect();
    if let Some((last, others)) = parcels.split_last_mut() {
        last.amount = total.amount_minor - others.iter().map(|parcel| parcel.amount).sum::<i64>();
    }
    if parcels.iter().any(|parcel| parcel.amount < 0) {
        return Err(SagaError::Contradiction(format!("the lines cost more than the total, {total}")));
    }
    Ok(parcels)
}

fn check_pieces(lines: &[PricedLine], allocations: &[Allocation]) -> Result<(), SagaError> {
    let mut pieces: HashMap<&Sku, i64> = HashMap::new();
    for line in lines {
        *pieces.entry(&line.sku).or_default() += i64::from(line.quantity.get());
    }
    for allocation in allocations {
        *pieces.entry(&allocation.sku).or_default() -= i64::from(allocation.quantity.get());
    }
    match pieces.iter().find(|(_, missing)| **missing != 0) {
        None => Ok(()),
        Some((sku, missing)) => Err(SagaError::Contradiction(format!("{missing} pieces of {sku} are not allocated"))),
    }
}

impl Parcel {
    fn empty(allocation: &Allocation) -> Self {
        Self {
            warehouse: allocation.warehouse_id,
            lines: Vec::new(),
            amount: 0,
            way: Way::Waiting,
            in_transit: false,
            captured: false,
            deducted: false,
            delays: BTreeSet::new(),
        }
    }
}

/// Left out of the stored form, which is rewritten with every move.
fn is_default<T: Default + PartialEq>(member: &T) -> bool {
    *member == T::default()
}
