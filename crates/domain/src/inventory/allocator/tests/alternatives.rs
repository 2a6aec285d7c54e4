//! Why the alternatives were rejected.

use super::fixtures::{Row, closed_snapshot, decide, line, short, snapshot, warehouse};
use crate::allocation_policy::AllocationPolicy;
use crate::inventory::allocator::{
    ALTERNATIVES_MAX, Alternative, AlternativeReason, Proximities, WarehouseLocations, allocate,
};
use crate::location::Location;
use crate::messages::Shortage;

fn rejected(places: &[u128], reason: AlternativeReason) -> Alternative {
    Alternative { warehouses: places.iter().map(|place| warehouse(*place)).collect(), reason, shortages: vec![] }
}

fn not_enough(place: u128, shortages: &[Shortage]) -> Alternative {
    Alternative { shortages: shortages.to_vec(), ..rejected(&[place], AlternativeReason::NotEnough) }
}

#[test]
fn each_other_warehouse_is_closed_or_short_or_of_lower_priority() {
    let mut stock = closed_snapshot(&[(1, 4, 9), (1, 3, 9), (1, 2, 3), (2, 2, 9), (1, 1, 9)], 4);

    let decision = decide(AllocationPolicy::SingleWarehouseFirst, &mut stock, &[line(1, 5)]);

    let expected = [
        rejected(&[4], AlternativeReason::Closed),
        not_enough(2, &[short(1, 5, 3)]),
        rejected(&[1], AlternativeReason::LowerPriority),
    ];
    assert_eq!(decision.alternatives, expected);
}

#[test]
fn a_split_order_says_what_each_warehouse_lacks_and_a_refused_one_too() {
    let rows = [(1, 2, 3), (1, 1, 4), (2, 1, 1)];

    let split = decide(AllocationPolicy::SingleWarehouseFirst, &mut snapshot(&rows), &[line(1, 7), line(2, 1)]);
    let refused = decide(AllocationPolicy::Nearest, &mut closed_snapshot(&rows, 1), &[line(1, 7), line(2, 1)]);

    let first = not_enough(2, &[short(1, 7, 3), short(2, 1, 0)]);
    assert_eq!(split.alternatives, [first.clone(), not_enough(1, &[short(1, 7, 4)])]);
    assert_eq!(refused.outcome, Err(vec![short(1, 7, 3), short(2, 1, 0)]));
    assert_eq!(refused.alternatives, [first, rejected(&[1], AlternativeReason::Closed)]);
}

#[test]
fn the_fewest_warehouses_are_compared_with_the_greedy_plan_and_with_as_few_others() {
    let rows = [(1, 3, 1), (2, 3, 1), (1, 2, 1), (3, 2, 1), (2, 1, 1), (4, 1, 1), (2, 0, 1), (4, 0, 1)];
    let lines = [line(1, 1), line(2, 1), line(3, 1), line(4, 1)];

    let decision = decide(AllocationPolicy::MinimiseSplits, &mut snapshot(&rows), &lines);

    let combinations: Vec<_> =
        decision.alternatives.into_iter().filter(|rejected| rejected.warehouses.len() > 1).collect();
    let expected =
        [rejected(&[3, 2, 1], AlternativeReason::MoreShipments), rejected(&[2, 0], AlternativeReason::LowerPriority)];
    assert_eq!(combinations, expected);
}

#[test]
fn a_ranked_warehouse_is_farther_or_of_lower_priority_although_it_has_enough() {
    let location = |country: &str| Location { country: country.parse().expect("a country"), region: None };
    let places = [(4, "DE"), (3, "US"), (2, "US"), (1, "US")];
    let warehouses: WarehouseLocations =
        places.into_iter().map(|(place, country)| (warehouse(place), location(country))).collect();
    let rows = [(1, 4, 9), (1, 3, 2), (1, 2, 9), (1, 1, 9), (2, 0, 9), (1, 0, 0)];
    let destination = location("US");
    let proximities = Proximities { destination: Some(&destination), warehouses: &warehouses };

    let nearest = allocate(AllocationPolicy::Nearest, &mut snapshot(&rows), &[line(1, 5)], &proximities);
    let priority = allocate(AllocationPolicy::Priority, &mut snapshot(&rows), &[line(1, 5)], &proximities);

    let expected = [
        rejected(&[4], AlternativeReason::Farther),
        not_enough(3, &[short(1, 5, 2)]),
        rejected(&[2], AlternativeReason::LowerPriority),
        rejected(&[1], AlternativeReason::LowerPriority),
        not_enough(0, &[short(1, 5, 0)]),
    ];
    assert_eq!(nearest.alternatives, expected, "the first two supply it");
    let by_priority = [3, 2, 1].map(|place| rejected(&[place], AlternativeReason::LowerPriority));
    assert_eq!(priority.alternatives[..3], by_priority, "the first supplies it alone");
}

#[test]
fn at_most_sixteen_alternatives_are_kept() {
    let rows: Vec<Row> = (0..40).map(|place| (1, place, 1)).collect();

    let decision = decide(AllocationPolicy::MinimiseSplits, &mut snapshot(&rows), &[line(1, 3)]);

    assert_eq!(decision.alternatives.len(), ALTERNATIVES_MAX);
}
