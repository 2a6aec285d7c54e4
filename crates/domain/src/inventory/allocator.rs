//! Allocates the lines of an order to warehouses: all lines, or none.
//!
//! Every shipment costs money, so the rule greedily minimises the number of shipments:
//! 1. The warehouse that has enough for the most open lines serves those lines. Ties are broken by the lower priority
//!    number, then by the lower id. This repeats while a warehouse has enough for any open line. A warehouse that can
//!    serve the whole order therefore always serves it alone.
//! 2. A line that no single warehouse has enough for is split: first over warehouses that send a shipment anyway, then
//!    over those with the most available units, then by priority and id.
//!
//! A closed warehouse serves no line. Lines don't compete, because each has another SKU. So an order is refused only
//! when a SKU is short in all open warehouses together. The allocation is deterministic: the same orders on the same
//! stock give the same result.

use super::{Movement, StockRow, StockSnapshot};
use crate::ids::WarehouseId;
use crate::messages::{Allocation, Shortage};
use crate::product::{Line, Quantity};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Reserves every line of an order in `stock`, or returns the shortages and leaves `stock` unchanged.
///
/// # Panics
/// When two lines have the same SKU; the caller must rule that out.
pub fn allocate(stock: &mut StockSnapshot, lines: &[Line]) -> Result<Vec<Allocation>, Vec<Shortage>> {
    let shortages = shortages(stock, lines);
    if !shortages.is_empty() {
        return Err(shortages);
    }
    let mut plan = Vec::with_capacity(lines.len());
    let mut open: Vec<&Line> = lines.iter().collect();
    while let Some(warehouse) = serves_most(stock, &open) {
        let (served, left) = open.into_iter().partition(|line| has_enough(stock, line, warehouse));
        open = left;
        plan.extend(served.into_iter().map(|line: &Line| allocation(line, warehouse, line.quantity)));
    }
    for line in open {
        let split = split(stock.of(&line.sku), line, &plan);
        plan.extend(split);
    }
    for part in &plan {
        let movement = Movement::Reserved(part.quantity.get());
        stock.apply(&part.sku, part.warehouse_id, movement).expect("the plan reserves available units only");
    }
    Ok(plan)
}

fn shortages(stock: &StockSnapshot, lines: &[Line]) -> Vec<Shortage> {
    let shortage = |line: &Line| {
        let (requested, available) = (line.quantity.get(), stock.available(&line.sku));
        (requested > available).then(|| Shortage { sku: line.sku.clone(), requested, available })
    };
    lines.iter().filter_map(shortage).collect()
}

/// The warehouse that has enough for the most of `lines`, if one has enough for any.
fn serves_most(stock: &StockSnapshot, lines: &[&Line]) -> Option<WarehouseId> {
    let mut counts: BTreeMap<(i32, WarehouseId), usize> = BTreeMap::new();
    for line in lines {
        let enough = |row: &&StockRow| row.available() >= line.quantity.get();
        for row in stock.of(&line.sku).iter().filter(enough) {
            *counts.entry((row.priority, row.warehouse_id)).or_default() += 1;
        }
    }
    let best = counts.into_iter().min_by_key(|(rank, count)| (Reverse(*count), *rank));
    best.map(|((_, warehouse), _)| warehouse)
}

fn has_enough(stock: &StockSnapshot, line: &Line, warehouse: WarehouseId) -> bool {
    let has_enough = |row: &StockRow| row.warehouse_id == warehouse && row.available() >= line.quantity.get();
    stock.of(&line.sku).iter().any(has_enough)
}

/// Splits `line` over several rows, which have enough units together.
fn split(rows: &[StockRow], line: &Line, plan: &[Allocation]) -> Vec<Allocation> {
    let ships_anyway = |row: &StockRow| plan.iter().any(|part| part.warehouse_id == row.warehouse_id);
    let mut rows: Vec<_> = rows.iter().filter(|row| row.available() > 0).collect();
    // The sort is stable: equal rows stay sorted by priority.
    rows.sort_by_key(|row| (Reverse(ships_anyway(row)), Reverse(row.available())));
    let mut missing = line.quantity.get();
    let mut parts = Vec::new();
    for row in rows {
        let reserved = missing.min(row.available());
        missing -= reserved;
        // Once nothing is missing, `reserved` is 0, which is no valid quantity: the remaining rows are skipped.
        parts.extend(Quantity::try_from(reserved).ok().map(|quantity| allocation(line, row.warehouse_id, quantity)));
    }
    parts
}

fn allocation(line: &Line, warehouse_id: WarehouseId, quantity: Quantity) -> Allocation {
    Allocation { warehouse_id, sku: line.sku.clone(), quantity }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::StockLevel;
    use crate::product::Sku;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn warehouse(number: u128) -> WarehouseId {
        WarehouseId::from_uuid(Uuid::from_u128(number))
    }

    fn sku(number: u32) -> Sku {
        format!("SKU-{number}").parse().expect("a SKU")
    }

    fn line(number: u32, quantity: u32) -> Line {
        Line { sku: sku(number), quantity: Quantity::try_from(quantity).expect("a quantity") }
    }

    /// Rows of (SKU, warehouse, available). The highest number has the first priority, so that ids don't decide.
    fn snapshot(rows: &[(u32, u128, u32)]) -> StockSnapshot {
        let row = |(number, place, available): &(u32, u128, u32)| {
            let level = StockLevel::new(available + 3, 3).expect("legal counters");
            let priority = 100 - i32::try_from(*place).expect("a small number");
            (sku(*number), StockRow { warehouse_id: warehouse(*place), priority, is_open: true, level })
        };
        rows.iter().map(row).collect()
    }

    /// The same with one closed warehouse.
    fn closed_snapshot(rows: &[(u32, u128, u32)], closed: u128) -> StockSnapshot {
        let close =
            |(sku, row): (Sku, StockRow)| (sku, StockRow { is_open: row.warehouse_id != warehouse(closed), ..row });
        let open = snapshot(rows);
        let rows = (0..5).flat_map(|number| open.of(&sku(number)).iter().map(move |row| (sku(number), *row)));
        rows.map(close).collect()
    }

    /// The allocations as (warehouse, SKU, quantity).
    fn allocated(plan: &[Allocation]) -> BTreeSet<(WarehouseId, Sku, u32)> {
        plan.iter().map(|part| (part.warehouse_id, part.sku.clone(), part.quantity.get())).collect()
    }

    #[test]
    fn one_warehouse_serves_the_whole_order_when_it_can_and_priority_breaks_the_tie() {
        let mut stock = snapshot(&[(1, 3, 9), (1, 2, 5), (2, 2, 5), (1, 1, 5), (2, 1, 5)]);

        let plan = allocate(&mut stock, &[line(1, 5), line(2, 5)]).expect("enough");

        assert_eq!(allocated(&plan), [(warehouse(2), sku(1), 5), (warehouse(2), sku(2), 5)].into());
    }

    #[test]
    fn a_line_is_split_only_when_no_warehouse_has_enough_and_first_over_warehouses_that_ship_anyway() {
        let mut stock = snapshot(&[(1, 1, 4), (2, 1, 2), (2, 2, 3), (2, 3, 3)]);

        let plan = allocate(&mut stock, &[line(2, 4), line(1, 1)]).expect("enough");

        let expected = [(warehouse(1), sku(1), 1), (warehouse(1), sku(2), 2), (warehouse(3), sku(2), 2)];
        assert_eq!(allocated(&plan), expected.into());
    }

    #[test]
    fn every_shortage_is_returned_and_nothing_is_reserved() {
        let before = snapshot(&[(1, 1, 4), (1, 2, 4), (2, 1, 9)]);
        let mut stock = before.clone();

        let shortages = allocate(&mut stock, &[line(1, 9), line(2, 9), line(3, 1)]).expect_err("short");

        let short = |number, requested, available| Shortage { sku: sku(number), requested, available };
        assert_eq!(shortages, [short(1, 9, 8), short(3, 1, 0)]);
        assert_eq!(stock, before);
    }

    #[test]
    fn a_closed_warehouse_serves_nothing_and_its_units_do_not_count() {
        let rows = [(1, 1, 9), (1, 2, 5), (2, 1, 9)];
        let mut stock = closed_snapshot(&rows, 1);

        let plan = allocate(&mut stock, &[line(1, 5)]).expect("enough in the open one");
        let shortages = allocate(&mut stock, &[line(1, 1), line(2, 1)]).expect_err("only the closed one has more");

        assert_eq!(allocated(&plan), [(warehouse(2), sku(1), 5)].into());
        let short = |number| Shortage { sku: sku(number), requested: 1, available: 0 };
        assert_eq!(shortages, [short(1), short(2)]);
        assert_eq!(stock.level(&sku(2), warehouse(1)).map(StockLevel::available), Some(9));
    }

    fn any_rows() -> impl Strategy<Value = Vec<(u32, u128, u32)>> {
        let rows = prop::collection::btree_map((0_u32..5, 0_u128..4), 0_u32..12, 0..20);
        rows.prop_map(|rows| rows.into_iter().map(|((sku, place), available)| (sku, place, available)).collect())
    }

    fn any_orders() -> impl Strategy<Value = Vec<Vec<Line>>> {
        let lines = prop::collection::btree_map(0_u32..5, 1_u32..15, 1..5);
        let order = lines.prop_map(|lines| lines.into_iter().map(|(sku, quantity)| line(sku, quantity)).collect());
        prop::collection::vec(order, 1..12)
    }

    fn requested(lines: &[Line]) -> BTreeMap<Sku, u32> {
        lines.iter().map(|line| (line.sku.clone(), line.quantity.get())).collect()
    }

    proptest! {
        #[test]
        fn an_order_is_allocated_exactly_or_refused_for_a_real_shortage(rows in any_rows(), orders in any_orders()) {
            let mut stock = snapshot(&rows);
            for lines in orders {
                let before = stock.clone();
                let short = lines.iter().any(|line| before.available(&line.sku) < line.quantity.get());
                match allocate(&mut stock, &lines) {
                    Err(shortages) => {
                        prop_assert!(short && !shortages.is_empty());
                        prop_assert!(shortages.iter().all(|short| short.available < short.requested));
                        prop_assert_eq!(&stock, &before);
                    }
                    Ok(plan) => {
                        let mut served: BTreeMap<Sku, u32> = BTreeMap::new();
                        for part in &plan {
                            *served.entry(part.sku.clone()).or_default() += part.quantity.get();
                            let had = before.level(&part.sku, part.warehouse_id).map_or(0, StockLevel::available);
                            prop_assert!(part.quantity.get() <= had, "oversold");
                            let has = stock.level(&part.sku, part.warehouse_id).map_or(0, StockLevel::available);
                            prop_assert_eq!(has, had - part.quantity.get());
                        }
                        prop_assert_eq!(served, requested(&lines));
                        prop_assert!(!short);
                    }
                }
            }
        }

        #[test]
        fn a_warehouse_that_has_enough_serves_the_order_alone(rows in any_rows(), orders in any_orders()) {
            let mut stock = snapshot(&rows);
            for lines in orders {
                let suffices = |number| lines.iter().all(|line| has_enough(&stock, line, warehouse(number)));
                let first = (0..4).rev().find(|number| suffices(*number)).map(warehouse);
                let alone = |line: &Line| (0..4).any(|number| has_enough(&stock, line, warehouse(number)));
                let whole: BTreeSet<_> = lines.iter().filter(|line| alone(line)).map(|line| line.sku.clone()).collect();

                let Ok(plan) = allocate(&mut stock, &lines) else { continue };

                if let Some(first) = first {
                    prop_assert!(plan.iter().all(|part| part.warehouse_id == first));
                }
                for sku in whole {
                    prop_assert_eq!(plan.iter().filter(|part| part.sku == sku).count(), 1, "split needlessly");
                }
            }
        }

        #[test]
        fn the_same_batch_is_allocated_the_same(rows in any_rows(), orders in any_orders()) {
            let mut backwards = rows.clone();
            backwards.reverse();
            let (mut one, mut other) = (snapshot(&rows), snapshot(&backwards));

            for lines in orders {
                prop_assert_eq!(allocate(&mut one, &lines), allocate(&mut other, &lines));
            }
            prop_assert_eq!(one, other);
        }
    }
}
