//! Policies `priority` and `nearest`: each warehouse supplies as much as it has, in the order of their ranks.

use super::candidates::Candidates;
use super::plan::Plan;
use super::proximities::Proximities;

/// By priority number, then by id. Requires that all lines can be served.
pub(super) fn by_priority(candidates: &Candidates<'_>) -> Plan {
    in_order(candidates, &(0..candidates.warehouses.len()).collect::<Vec<_>>())
}

/// The warehouses in the region of the destination, then those in its country, then the rest, each by priority number
/// and id. Requires that all lines can be served.
pub(super) fn by_proximity(candidates: &Candidates<'_>, proximities: &Proximities<'_>) -> Plan {
    let mut warehouses: Vec<usize> = (0..candidates.warehouses.len()).collect();
    // The sort is stable: equally near warehouses stay sorted by priority and id.
    warehouses.sort_by_key(|warehouse| proximities.of(candidates.warehouses[*warehouse].id));
    in_order(candidates, &warehouses)
}

fn in_order(candidates: &Candidates<'_>, warehouses: &[usize]) -> Plan {
    let mut plan = Plan::default();
    for line in 0..candidates.lines.len() {
        plan.split_line(candidates, warehouses.iter().copied(), line);
    }
    plan
}
