//! Policy `single_warehouse_first`.

use super::fixtures::{
    allocated, any_orders, any_rows, closed_snapshot, line, outcome, short, sku, snapshot, warehouse,
};
use crate::allocation_policy::AllocationPolicy;
use crate::inventory::{StockLevel, StockSnapshot};
use crate::messages::{Allocation, Shortage};
use crate::product::Line;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn allocate(stock: &mut StockSnapshot, lines: &[Line]) -> Result<Vec<Allocation>, Vec<Shortage>> {
    outcome(AllocationPolicy::SingleWarehouseFirst, stock, lines)
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
    assert_eq!(shortages, [short(1, 1, 0), short(2, 1, 0)]);
    assert_eq!(stock.level(&sku(2), warehouse(1)).map(StockLevel::available), Some(9));
}

proptest! {
    #[test]
    fn a_warehouse_that_has_enough_serves_the_order_alone(rows in any_rows(4), orders in any_orders()) {
        let mut stock = snapshot(&rows);
        for lines in orders {
            let has_enough = |line: &Line, number| {
                let level = stock.level(&line.sku, warehouse(number));
                level.map_or(0, StockLevel::available) >= line.quantity.get()
            };
            let suffices = |number| lines.iter().all(|line| has_enough(line, number));
            let first = (0..4).rev().find(|number| suffices(*number)).map(warehouse);
            let alone = |line: &Line| (0..4).any(|number| has_enough(line, number));
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
}
