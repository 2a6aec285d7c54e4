//! What an order gets at once, and what it waits for.

use crate::allocation_policy::AllocationPolicy;
use crate::ids::{OrderId, WarehouseId};
use crate::inventory::{
    BackorderDecision, Proximities, StockLevel, StockRow, StockSnapshot, WaitingOrder, WarehouseLocations,
    allocate_or_wait, fill,
};
use crate::messages::{Allocation, MissingUnits, ReserveLine, Shortage};
use crate::product::Sku;
use uuid::Uuid;

const POLICY: AllocationPolicy = AllocationPolicy::SingleWarehouseFirst;

fn warehouse(number: u128) -> WarehouseId {
    WarehouseId::from_uuid(Uuid::from_u128(number))
}

fn sku(text: &str) -> Sku {
    text.parse().expect("a SKU")
}

/// (SKU, warehouse, units on hand).
fn stock(rows: &[(&str, u128, u32)]) -> StockSnapshot {
    let row = |(name, number, units): &(&str, u128, u32)| {
        let (priority, level) = (i32::try_from(*number).expect("a small number"), StockLevel::new(*units, 0));
        let level = level.expect("legal counters");
        (sku(name), StockRow { warehouse_id: warehouse(*number), priority, is_open: true, level, set_aside: 0 })
    };
    rows.iter().map(row).collect()
}

/// (SKU, units, may wait).
fn decide(stock: &mut StockSnapshot, lines: &[(&str, u32, bool)]) -> BackorderDecision {
    let line = |(name, units, may_wait): &(&str, u32, bool)| ReserveLine {
        sku: sku(name),
        quantity: (*units).try_into().expect("a quantity"),
        may_wait: *may_wait,
    };
    let lines: Vec<_> = lines.iter().map(line).collect();
    let warehouses = WarehouseLocations::new();
    allocate_or_wait(POLICY, stock, &lines, &Proximities { destination: None, warehouses: &warehouses })
}

fn missing(units: &[(&str, u32)]) -> Vec<MissingUnits> {
    let missing =
        |(name, units): &(&str, u32)| MissingUnits { sku: sku(name), units: (*units).try_into().expect("a quantity") };
    units.iter().map(missing).collect()
}

fn units(allocations: &[Allocation]) -> Vec<(u128, &str, u32)> {
    let part = |part: &Allocation| part.quantity.get();
    allocations.iter().map(|it| (it.warehouse_id.as_uuid().as_u128(), it.sku.as_str(), part(it))).collect::<Vec<_>>()
}

#[test]
fn what_is_available_is_allocated_and_the_rest_is_missing() {
    let mut stock = stock(&[("A", 1, 2), ("A", 2, 1), ("B", 1, 9)]);

    let decided = decide(&mut stock, &[("A", 5, true), ("B", 1, false), ("C", 4, true)]);

    let allocations = decided.decision.outcome.expect("allocated");
    assert_eq!(units(&allocations), [(1, "B", 1), (1, "A", 2), (2, "A", 1)]);
    assert_eq!(decided.missing, missing(&[("A", 2), ("C", 4)]));
    assert_eq!(stock.available(&sku("A")), 0);
}

#[test]
fn a_short_line_that_may_not_wait_refuses_the_order_with_every_shortage() {
    let mut stock = stock(&[("A", 1, 2), ("B", 1, 1)]);
    let before = stock.clone();

    let decided = decide(&mut stock, &[("A", 5, true), ("B", 2, false)]);

    let short = |name, requested, available| Shortage { sku: sku(name), requested, available };
    assert_eq!(decided.decision.outcome, Err(vec![short("A", 5, 2), short("B", 2, 1)]));
    assert_eq!((decided.missing, stock), (vec![], before));
}

#[test]
fn an_order_that_may_wait_but_need_not_is_allocated_like_any_other() {
    let rows = [("A", 1, 3), ("A", 2, 5)];
    let (mut one, mut other) = (stock(&rows), stock(&rows));

    let may_wait = decide(&mut one, &[("A", 4, true)]);
    let may_not_wait = decide(&mut other, &[("A", 4, false)]);

    assert_eq!((&may_wait, one), (&may_not_wait, other));
    assert_eq!(may_wait.missing, []);
}

#[test]
fn a_new_order_gets_only_the_units_that_no_older_one_waits_for() {
    let mut stock = stock(&[("A", 1, 3), ("A", 2, 3)]);
    stock.set_aside(&sku("A"), 4);

    let decided = decide(&mut stock, &[("A", 3, true)]);

    assert_eq!(units(&decided.decision.outcome.expect("allocated")), [(1, "A", 2)]);
    assert_eq!(decided.missing, missing(&[("A", 1)]));
}

#[test]
fn an_order_that_may_not_wait_is_refused_what_older_ones_wait_for() {
    let mut stock = stock(&[("A", 1, 3)]);
    stock.set_aside(&sku("A"), 9);

    let decided = decide(&mut stock, &[("A", 1, false)]);

    assert_eq!(decided.decision.outcome, Err(vec![Shortage { sku: sku("A"), requested: 1, available: 0 }]));
    assert!(decided.decision.alternatives.iter().all(|alternative| !alternative.shortages.is_empty()));
}

fn waiting(number: u128, units: &[(&str, u32)], is_locked: bool) -> WaitingOrder {
    let order_id = OrderId::from_uuid(Uuid::from_u128(number));
    WaitingOrder { order_id, policy: POLICY, destination: None, missing: missing(units), is_locked }
}

#[test]
fn units_go_to_the_orders_in_their_sequence_and_a_locked_order_keeps_its_place() {
    let mut stock = stock(&[("A", 1, 6), ("B", 2, 1)]);
    let orders = [
        waiting(1, &[("A", 2)], false),
        waiting(2, &[("A", 3), ("B", 1)], true),
        waiting(3, &[("A", 2), ("B", 1)], false),
        waiting(4, &[("A", 1)], false),
    ];

    let filled = fill(&mut stock, &orders, &WarehouseLocations::new());

    let filled: Vec<_> = filled.iter().map(|(order, parts)| (order.as_uuid().as_u128(), units(parts))).collect();
    assert_eq!(filled, [(1, vec![(1, "A", 2)]), (3, vec![(1, "A", 1)])]);
}
