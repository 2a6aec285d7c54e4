//! Policy `minimise_splits`, compared with a search that shares no code with it.

use super::fixtures::{Row, allocated, any_order, any_rows, line, outcome, sku, snapshot, warehouse};
use crate::allocation_policy::AllocationPolicy;
use crate::ids::WarehouseId;
use crate::inventory::allocator::minimise_splits::EXACT_MAX;
use crate::product::{Line, Sku};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn warehouses_used(rows: &[Row], lines: &[Line]) -> Option<BTreeSet<WarehouseId>> {
    let plan = outcome(AllocationPolicy::MinimiseSplits, &mut snapshot(rows), lines).ok()?;
    Some(plan.iter().map(|part| part.warehouse_id).collect())
}

/// The best combination that can serve the order, by trying all: the fewest warehouses, then the highest numbers, which
/// have the first priorities.
fn brute_force(rows: &[Row], lines: &[Line]) -> Option<BTreeSet<WarehouseId>> {
    let units: BTreeMap<(Sku, u128), u32> =
        rows.iter().map(|(number, place, units)| ((sku(*number), *place), *units)).collect();
    let places: BTreeSet<u128> = rows.iter().map(|(_, place, _)| *place).collect();
    let mut combinations: Vec<Vec<u128>> = vec![vec![]];
    for place in places.into_iter().rev() {
        let with_it = combinations.iter().map(|chosen| [chosen.as_slice(), &[place]].concat()).collect::<Vec<_>>();
        combinations.extend(with_it);
    }
    let serves = |chosen: &Vec<u128>| {
        lines.iter().all(|line| {
            let available = chosen.iter().filter_map(|place| units.get(&(line.sku.clone(), *place)));
            available.sum::<u32>() >= line.quantity.get()
        })
    };
    let negated = |chosen: &Vec<u128>| chosen.iter().map(|place| -i128::try_from(*place).unwrap()).collect::<Vec<_>>();
    let best = combinations.into_iter().filter(serves).min_by_key(|chosen| (chosen.len(), negated(chosen)))?;
    Some(best.into_iter().map(warehouse).collect())
}

#[test]
fn two_warehouses_serve_what_the_greedy_policy_takes_from_three() {
    // The first warehouse has the most lines, and is not needed.
    let rows = [(1, 3, 1), (2, 3, 1), (1, 2, 1), (3, 2, 1), (2, 1, 1), (4, 1, 1)];
    let lines = [line(1, 1), line(2, 1), line(3, 1), line(4, 1)];

    let greedy = outcome(AllocationPolicy::SingleWarehouseFirst, &mut snapshot(&rows), &lines).expect("enough");
    let fewest = outcome(AllocationPolicy::MinimiseSplits, &mut snapshot(&rows), &lines).expect("enough");

    assert_eq!(greedy.iter().map(|part| part.warehouse_id).collect::<BTreeSet<_>>().len(), 3);
    let expected = [(2, 1), (1, 2), (2, 3), (1, 4)].map(|(place, number)| (warehouse(place), sku(number), 1));
    assert_eq!(allocated(&fewest), expected.into());
}

#[test]
fn with_more_than_eight_warehouses_to_choose_from_the_greedy_plan_is_used() {
    let filler = (10..20).map(|place| (9, place, 1));
    let needed = [(1, 3, 1), (2, 3, 1), (1, 2, 1), (3, 2, 1), (2, 1, 1), (4, 1, 1)];
    let rows: Vec<Row> = needed.into_iter().chain(filler).collect();
    let lines = [line(1, 1), line(2, 1), line(3, 1), line(4, 1), line(9, 1)];

    let plan = outcome(AllocationPolicy::MinimiseSplits, &mut snapshot(&rows), &lines);

    assert_eq!(plan, outcome(AllocationPolicy::SingleWarehouseFirst, &mut snapshot(&rows), &lines));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_combination_has_fewer_warehouses_or_better_priorities(
        rows in any_rows(EXACT_MAX as u128),
        lines in any_order(),
    ) {
        prop_assert_eq!(warehouses_used(&rows, &lines), brute_force(&rows, &lines));
    }

    #[test]
    fn no_combination_is_better_when_many_are_needed(
        units in prop::collection::vec(0_u32..4, EXACT_MAX * 3),
        lines in prop::collection::btree_map(0_u32..3, 4_u32..15, 1..4),
    ) {
        let place = |index: usize| (u32::try_from(index % 3).unwrap(), (index / 3) as u128);
        let rows: Vec<Row> = units.iter().enumerate().map(|(index, units)| (place(index).0, place(index).1, *units)).collect();
        let lines: Vec<Line> = lines.into_iter().map(|(number, quantity)| line(number, quantity)).collect();
        prop_assert_eq!(warehouses_used(&rows, &lines), brute_force(&rows, &lines));
    }
}
