//! Which warehouse serves which line of an order: all lines, or none.
//!
//! Parcels are the cost, so the rule is greedy in parcels:
//! 1. The warehouse that has enough for the most open lines serves those lines; of equals, the one of lower priority
//!    number, then of lower id. Again, while one has enough for any open line. A warehouse that can serve the whole
//!    order thus always serves it alone.
//! 2. A line that no single warehouse has enough for is split: first over warehouses that send a parcel anyway, then
//!    over those that have most of it, then by priority and id.
//!
//! Lines don't compete: each is another SKU. So an order is refused only when a SKU falls short in all warehouses
//! together. The same orders on the same shelves are always served the same.

use super::{Movement, Shelf, Shelves};
use crate::ids::WarehouseId;
use crate::messages::{Allocation, Shortage};
use crate::product::{Line, Quantity};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Holds every line of an order, one line a SKU, on `shelves`; or names what falls short and leaves them as they are.
///
/// # Panics
/// When a SKU stands in two lines, which the caller has ruled out.
pub fn allocate(shelves: &mut Shelves, lines: &[Line]) -> Result<Vec<Allocation>, Vec<Shortage>> {
    let shortages = shortages(shelves, lines);
    if !shortages.is_empty() {
        return Err(shortages);
    }
    let mut plan = Vec::with_capacity(lines.len());
    let mut open: Vec<&Line> = lines.iter().collect();
    while let Some(warehouse) = serves_most(shelves, &open) {
        let (served, left) = open.into_iter().partition(|line| has_enough(shelves, line, warehouse));
        open = left;
        plan.extend(served.into_iter().map(|line: &Line| part(line, warehouse, line.quantity)));
    }
    for line in open {
        let parts = split(shelves.of(&line.sku), line, &plan);
        plan.extend(parts);
    }
    for part in &plan {
        let movement = Movement::Reserved(part.quantity.get());
        shelves.apply(&part.sku, part.warehouse_id, movement).expect("the plan takes no more than is available");
    }
    Ok(plan)
}

fn shortages(shelves: &Shelves, lines: &[Line]) -> Vec<Shortage> {
    let shortage = |line: &Line| {
        let (requested, available) = (line.quantity.get(), shelves.available(&line.sku));
        (requested > available).then(|| Shortage { sku: line.sku.clone(), requested, available })
    };
    lines.iter().filter_map(shortage).collect()
}

/// The warehouse that has enough for the most of `lines`, if one has enough for any.
fn serves_most(shelves: &Shelves, lines: &[&Line]) -> Option<WarehouseId> {
    let mut counts: BTreeMap<(i32, WarehouseId), usize> = BTreeMap::new();
    for line in lines {
        let enough = |shelf: &&Shelf| shelf.level.available() >= line.quantity.get();
        for shelf in shelves.of(&line.sku).iter().filter(enough) {
            *counts.entry((shelf.priority, shelf.warehouse_id)).or_default() += 1;
        }
    }
    let best = counts.into_iter().min_by_key(|(place, count)| (Reverse(*count), *place));
    best.map(|((_, warehouse), _)| warehouse)
}

fn has_enough(shelves: &Shelves, line: &Line, warehouse: WarehouseId) -> bool {
    shelves.level(&line.sku, warehouse).is_some_and(|level| level.available() >= line.quantity.get())
}

/// Takes `line` in parts; its SKU is known to suffice over all shelves.
fn split(shelves: &[Shelf], line: &Line, plan: &[Allocation]) -> Vec<Allocation> {
    let sends_anyway = |shelf: &Shelf| plan.iter().any(|part| part.warehouse_id == shelf.warehouse_id);
    let mut shelves: Vec<_> = shelves.iter().filter(|shelf| shelf.level.available() > 0).collect();
    // Stable: equals stay in order of priority.
    shelves.sort_by_key(|shelf| (Reverse(sends_anyway(shelf)), Reverse(shelf.level.available())));
    let mut missing = line.quantity.get();
    let mut parts = Vec::new();
    for shelf in shelves {
        let taken = missing.min(shelf.level.available());
        missing -= taken;
        // The last shelf needed leaves nothing missing, and nothing is no quantity: the rest are passed over.
        parts.extend(Quantity::try_from(taken).ok().map(|quantity| part(line, shelf.warehouse_id, quantity)));
    }
    parts
}

fn part(line: &Line, warehouse_id: WarehouseId, quantity: Quantity) -> Allocation {
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
    fn shelves(rows: &[(u32, u128, u32)]) -> Shelves {
        let shelf = |(number, place, available): &(u32, u128, u32)| {
            let level = StockLevel::new(available + 3, 3).expect("legal counters");
            let priority = 100 - i32::try_from(*place).expect("a small number");
            (sku(*number), Shelf { warehouse_id: warehouse(*place), priority, level })
        };
        rows.iter().map(shelf).collect()
    }

    /// What was taken, as (warehouse, SKU, quantity).
    fn taken(plan: &[Allocation]) -> BTreeSet<(WarehouseId, Sku, u32)> {
        plan.iter().map(|part| (part.warehouse_id, part.sku.clone(), part.quantity.get())).collect()
    }

    #[test]
    fn one_warehouse_serves_the_whole_order_when_it_can_and_priority_breaks_the_tie() {
        let mut shelves = shelves(&[(1, 3, 9), (1, 2, 5), (2, 2, 5), (1, 1, 5), (2, 1, 5)]);

        let plan = allocate(&mut shelves, &[line(1, 5), line(2, 5)]).expect("enough");

        assert_eq!(taken(&plan), [(warehouse(2), sku(1), 5), (warehouse(2), sku(2), 5)].into());
    }

    #[test]
    fn a_line_is_split_only_when_no_warehouse_has_enough_and_first_where_a_parcel_leaves_anyway() {
        let mut shelves = shelves(&[(1, 1, 4), (2, 1, 2), (2, 2, 3), (2, 3, 3)]);

        let plan = allocate(&mut shelves, &[line(2, 4), line(1, 1)]).expect("enough");

        let expected = [(warehouse(1), sku(1), 1), (warehouse(1), sku(2), 2), (warehouse(3), sku(2), 2)];
        assert_eq!(taken(&plan), expected.into());
    }

    #[test]
    fn every_sku_that_falls_short_is_named_and_nothing_is_held() {
        let before = shelves(&[(1, 1, 4), (1, 2, 4), (2, 1, 9)]);
        let mut shelves = before.clone();

        let shortages = allocate(&mut shelves, &[line(1, 9), line(2, 9), line(3, 1)]).expect_err("short");

        let short = |number, requested, available| Shortage { sku: sku(number), requested, available };
        assert_eq!(shortages, [short(1, 9, 8), short(3, 1, 0)]);
        assert_eq!(shelves, before);
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
        fn an_order_is_served_exactly_or_refused_for_a_real_shortage(rows in any_rows(), orders in any_orders()) {
            let mut shelves = shelves(&rows);
            for lines in orders {
                let before = shelves.clone();
                let short = lines.iter().any(|line| before.available(&line.sku) < line.quantity.get());
                match allocate(&mut shelves, &lines) {
                    Err(shortages) => {
                        prop_assert!(short && !shortages.is_empty());
                        prop_assert!(shortages.iter().all(|short| short.available < short.requested));
                        prop_assert_eq!(&shelves, &before);
                    }
                    Ok(plan) => {
                        let mut served: BTreeMap<Sku, u32> = BTreeMap::new();
                        for part in &plan {
                            *served.entry(part.sku.clone()).or_default() += part.quantity.get();
                            let had = before.level(&part.sku, part.warehouse_id).map_or(0, StockLevel::available);
                            prop_assert!(part.quantity.get() <= had, "oversold");
                            let has = shelves.level(&part.sku, part.warehouse_id).map_or(0, StockLevel::available);
                            prop_assert_eq!(has, had - part.quantity.get());
                        }
                        prop_assert_eq!(served, requested(&lines));
                        prop_assert!(!short);
                    }
                }
            }
        }

        #[test]
        fn a_warehouse_that_suffices_serves_alone(rows in any_rows(), orders in any_orders()) {
            let mut shelves = shelves(&rows);
            for lines in orders {
                let suffices = |number| lines.iter().all(|line| has_enough(&shelves, line, warehouse(number)));
                let first = (0..4).rev().find(|number| suffices(*number)).map(warehouse);
                let alone = |line: &Line| (0..4).any(|number| has_enough(&shelves, line, warehouse(number)));
                let whole: BTreeSet<_> = lines.iter().filter(|line| alone(line)).map(|line| line.sku.clone()).collect();

                let Ok(plan) = allocate(&mut shelves, &lines) else { continue };

                if let Some(first) = first {
                    prop_assert!(plan.iter().all(|part| part.warehouse_id == first));
                }
                for sku in whole {
                    prop_assert_eq!(plan.iter().filter(|part| part.sku == sku).count(), 1, "split without need");
                }
            }
        }

        #[test]
        fn the_same_batch_is_served_the_same(rows in any_rows(), orders in any_orders()) {
            let mut backwards = rows.clone();
            backwards.reverse();
            let (mut one, mut other) = (shelves(&rows), shelves(&backwards));

            for lines in orders {
                prop_assert_eq!(allocate(&mut one, &lines), allocate(&mut other, &lines));
            }
            prop_assert_eq!(one, other);
        }
    }
}
