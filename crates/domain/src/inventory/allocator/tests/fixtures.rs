//! Stock, orders and allocations in short form, and random ones.

use crate::allocation_policy::AllocationPolicy;
use crate::ids::WarehouseId;
use crate::inventory::allocator::{AllocationDecision, Proximities, WarehouseLocations, allocate};
use crate::inventory::{StockLevel, StockRow, StockSnapshot};
use crate::messages::{Allocation, Shortage};
use crate::product::{Line, Quantity, Sku};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// (SKU, warehouse, available units).
pub type Row = (u32, u128, u32);

pub fn warehouse(number: u128) -> WarehouseId {
    WarehouseId::from_uuid(Uuid::from_u128(number))
}

pub fn sku(number: u32) -> Sku {
    format!("SKU-{number}").parse().expect("a SKU")
}

pub fn line(number: u32, quantity: u32) -> Line {
    Line { sku: sku(number), quantity: Quantity::try_from(quantity).expect("a quantity") }
}

pub fn short(number: u32, requested: u32, available: u32) -> Shortage {
    Shortage { sku: sku(number), requested, available }
}

/// The highest number has the first priority, so that ids don't decide.
pub fn snapshot(rows: &[Row]) -> StockSnapshot {
    snapshot_with_closed(rows, None)
}

/// The same with one closed warehouse.
pub fn closed_snapshot(rows: &[Row], closed: u128) -> StockSnapshot {
    snapshot_with_closed(rows, Some(closed))
}

fn snapshot_with_closed(rows: &[Row], closed: Option<u128>) -> StockSnapshot {
    let row = |(number, place, available): &Row| {
        let level = StockLevel::new(available + 3, 3).expect("legal counters");
        let priority = 100 - i32::try_from(*place).expect("a small number");
        let is_open = closed != Some(*place);
        (sku(*number), StockRow { warehouse_id: warehouse(*place), priority, is_open, level, set_aside: 0 })
    };
    rows.iter().map(row).collect()
}

/// The decision without any location.
pub fn decide(policy: AllocationPolicy, stock: &mut StockSnapshot, lines: &[Line]) -> AllocationDecision {
    let warehouses = WarehouseLocations::new();
    allocate(policy, stock, lines, &Proximities { destination: None, warehouses: &warehouses })
}

pub fn outcome(
    policy: AllocationPolicy,
    stock: &mut StockSnapshot,
    lines: &[Line],
) -> Result<Vec<Allocation>, Vec<Shortage>> {
    decide(policy, stock, lines).outcome
}

/// The allocations as (warehouse, SKU, quantity).
pub fn allocated(plan: &[Allocation]) -> BTreeSet<(WarehouseId, Sku, u32)> {
    plan.iter().map(|part| (part.warehouse_id, part.sku.clone(), part.quantity.get())).collect()
}

pub fn any_policy() -> impl Strategy<Value = AllocationPolicy> {
    use AllocationPolicy::{MinimiseSplits, Nearest, Priority, SingleWarehouseFirst};
    prop_oneof![Just(SingleWarehouseFirst), Just(MinimiseSplits), Just(Priority), Just(Nearest)]
}

/// Rows of up to `warehouses` warehouses.
pub fn any_rows(warehouses: u128) -> impl Strategy<Value = Vec<Row>> {
    let rows = prop::collection::btree_map((0_u32..5, 0..warehouses), 0_u32..12, 0..20);
    rows.prop_map(|rows| rows.into_iter().map(|((sku, place), available)| (sku, place, available)).collect())
}

pub fn any_order() -> impl Strategy<Value = Vec<Line>> {
    let lines = prop::collection::btree_map(0_u32..5, 1_u32..15, 1..5);
    lines.prop_map(|lines| lines.into_iter().map(|(sku, quantity)| line(sku, quantity)).collect())
}

pub fn any_orders() -> impl Strategy<Value = Vec<Vec<Line>>> {
    prop::collection::vec(any_order(), 1..12)
}

pub fn requested(lines: &[Line]) -> BTreeMap<Sku, u32> {
    lines.iter().map(|line| (line.sku.clone(), line.quantity.get())).collect()
}
