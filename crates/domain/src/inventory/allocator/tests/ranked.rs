//! Policies `priority` and `nearest`.

use super::fixtures::{Row, allocated, any_order, any_rows, line, outcome, sku, snapshot, warehouse};
use crate::allocation_policy::AllocationPolicy;
use crate::inventory::StockLevel;
use crate::inventory::allocator::{Proximities, WarehouseLocations, allocate};
use crate::location::{Location, Proximity};
use crate::messages::Allocation;
use crate::product::Line;
use proptest::prelude::*;
use std::cmp::Reverse;

fn location((country, region): (&str, &str)) -> Location {
    let region = (!region.is_empty()).then(|| region.parse().expect("a region"));
    Location { country: country.parse().expect("a country"), region }
}

/// The locations of warehouses 0, 1, 2 and so on; none for an empty country.
fn locations(places: &[(&str, &str)]) -> WarehouseLocations {
    let known = (0_u128..).zip(places).filter(|(_, (country, _))| !country.is_empty());
    known.map(|(number, place)| (warehouse(number), location(*place))).collect()
}

fn nearest(rows: &[Row], lines: &[Line], destination: Option<&Location>, places: &[(&str, &str)]) -> Vec<Allocation> {
    let proximities = Proximities { destination, warehouses: &locations(places) };
    let decision = allocate(AllocationPolicy::Nearest, &mut snapshot(rows), lines, &proximities);
    decision.outcome.expect("enough")
}

#[test]
fn each_warehouse_supplies_what_it_has_before_one_with_a_higher_priority_number() {
    let mut stock = snapshot(&[(1, 3, 2), (1, 2, 9), (2, 1, 9), (2, 2, 1)]);

    let plan = outcome(AllocationPolicy::Priority, &mut stock, &[line(1, 5), line(2, 3)]).expect("enough");

    let expected =
        [(warehouse(3), sku(1), 2), (warehouse(2), sku(1), 3), (warehouse(2), sku(2), 1), (warehouse(1), sku(2), 2)];
    assert_eq!(allocated(&plan), expected.into());
}

#[test]
fn the_region_comes_before_the_country_and_the_country_before_the_rest() {
    let rows = [(1, 0, 1), (1, 1, 1), (1, 2, 1), (1, 3, 1), (1, 4, 1)];
    let places = [("US", "NV"), ("US", "OH"), ("", ""), ("DE", "NV"), ("US", "")];
    let destination = location(("US", "nv"));
    let plan = |quantity| {
        let plan = nearest(&rows, &[line(1, quantity)], Some(&destination), &places);
        plan.iter().map(|part| part.warehouse_id).collect::<Vec<_>>()
    };

    assert_eq!(plan(5), [0, 4, 1, 3, 2].map(warehouse), "within a rank by priority");
    assert_eq!(plan(1), [warehouse(0)]);
}

#[test]
fn without_a_destination_or_locations_nearest_is_priority() {
    let rows = [(1, 0, 2), (1, 1, 2), (1, 2, 2)];
    let lines = [line(1, 3)];
    let priority = outcome(AllocationPolicy::Priority, &mut snapshot(&rows), &lines).expect("enough");

    assert_eq!(nearest(&rows, &lines, None, &[("US", ""), ("US", ""), ("DE", "")]), priority);
    assert_eq!(nearest(&rows, &lines, Some(&location(("US", ""))), &[]), priority);
}

proptest! {
    #[test]
    fn no_unit_comes_from_a_warehouse_while_one_of_a_better_rank_has_some_left(
        rows in any_rows(4),
        lines in any_order(),
        nearness in prop::collection::vec(0_usize..3, 4),
        by_proximity: bool,
    ) {
        let places: Vec<_> = nearness.iter().map(|rank| [("US", "NV"), ("US", ""), ("DE", "")][*rank]).collect();
        let locations = locations(&places);
        let destination = location(("US", "NV"));
        let policy = if by_proximity { AllocationPolicy::Nearest } else { AllocationPolicy::Priority };
        let proximities = Proximities { destination: Some(&destination), warehouses: &locations };
        let mut stock = snapshot(&rows);

        let Ok(plan) = allocate(policy, &mut stock, &lines, &proximities).outcome else { return Ok(()) };

        // The highest number has the first priority.
        let rank = |place: u128| {
            let proximity = [Proximity::SameRegion, Proximity::SameCountry, Proximity::Elsewhere];
            let near = proximity[nearness[usize::try_from(place).unwrap()]];
            (if by_proximity { near } else { Proximity::Elsewhere }, Reverse(place))
        };
        for part in &plan {
            let place = part.warehouse_id.as_uuid().as_u128();
            for better in (0..4).filter(|other| rank(*other) < rank(place)) {
                let left = stock.level(&part.sku, warehouse(better)).map_or(0, StockLevel::available);
                prop_assert_eq!(left, 0, "warehouse {} has some of {}", better, part.sku);
            }
        }
    }
}
