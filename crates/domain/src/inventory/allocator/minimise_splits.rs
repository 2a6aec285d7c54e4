//! Policy `minimise_splits`: the fewest warehouses. Of several combinations of that size, the one whose best warehouse
//! has the lowest priority number, then the lowest id; if that is the same, whose second best has, and so on.
//!
//! An order has one shipment per warehouse and vendor. Vendors are not known here, so warehouses are what is minimised.

use super::candidates::Candidates;
use super::plan::Plan;
use super::single_warehouse_first;

/// The most warehouses of which every combination is tried: 255 of them. With more warehouses that have anything of the
/// order, the greedy plan of `single_warehouse_first` is used, which may need more warehouses than the fewest.
pub(super) const EXACT_MAX: usize = 8;

/// Requires that all lines can be served.
pub(super) fn plan(candidates: &Candidates<'_>) -> Plan {
    let sufficient = (1..=EXACT_MAX).find_map(|size| sufficient(candidates, size).next());
    let Some(warehouses) = sufficient else { return single_warehouse_first::plan(candidates) };
    let mut plan = Plan::default();
    for line in 0..candidates.lines.len() {
        // A line is not split if one of them has enough. Each is used all the same: fewer would suffice otherwise.
        match warehouses.iter().find(|warehouse| candidates.has_enough(**warehouse, line)) {
            Some(warehouse) => plan.supply_line(candidates, *warehouse, line),
            None => plan.split_line(candidates, warehouses.iter().copied(), line),
        }
    }
    plan
}

/// The combinations of `size` warehouses that can serve the order, the best first; none with more than [`EXACT_MAX`]
/// warehouses to choose from.
pub(super) fn sufficient(candidates: &Candidates<'_>, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let useful = (0..candidates.warehouses.len()).filter(|warehouse| candidates.warehouses[*warehouse].has_any());
    let useful: Vec<usize> = useful.collect();
    let count = if useful.len() > EXACT_MAX { 0 } else { useful.len() };
    // The best warehouse is the highest bit, so that the best combination of a size is the greatest number.
    let combinations = (1_u32..1 << count).rev().filter(move |set| set.count_ones() as usize == size);
    let members = move |set: u32| -> Vec<usize> {
        let is_member = |place: &usize| set >> (count - 1 - place) & 1 == 1;
        (0..count).filter(is_member).map(|place| useful[place]).collect()
    };
    combinations.map(members).filter(|warehouses| candidates.suffice(warehouses))
}
