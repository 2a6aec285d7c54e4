//! Policy `single_warehouse_first`: greedily minimises the number of warehouses, since every shipment costs money.
//!
//! 1. The warehouse that has enough for the most open lines serves those lines. Ties are broken by the lower priority
//!    number, then by the lower id. This repeats while a warehouse has enough for any open line. A warehouse that can
//!    serve the whole order therefore always serves it alone.
//! 2. A line that no single warehouse has enough for is split: first over warehouses that send a shipment anyway, then
//!    over those with the most available units, then by priority and id.

use super::candidates::Candidates;
use super::plan::Plan;
use std::cmp::Reverse;

/// Requires that all lines can be served.
pub(super) fn plan(candidates: &Candidates<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut open: Vec<usize> = (0..candidates.lines.len()).collect();
    while let Some(warehouse) = serves_most(candidates, &open) {
        let (served, left): (Vec<usize>, _) =
            open.into_iter().partition(|line| candidates.has_enough(warehouse, *line));
        open = left;
        for line in served {
            plan.supply_line(candidates, warehouse, line);
        }
    }
    for line in open {
        // The sort is stable: equal warehouses stay sorted by priority and id.
        let mut warehouses: Vec<usize> = (0..candidates.warehouses.len()).collect();
        let units = |warehouse: &usize| candidates.warehouses[*warehouse].units[line];
        warehouses.sort_by_key(|warehouse| (Reverse(plan.uses(*warehouse)), Reverse(units(warehouse))));
        plan.split_line(candidates, warehouses, line);
    }
    plan
}

/// The warehouse that has enough for the most of `lines`, if one has enough for any.
fn serves_most(candidates: &Candidates<'_>, lines: &[usize]) -> Option<usize> {
    let served = |warehouse| lines.iter().filter(|line| candidates.has_enough(warehouse, **line)).count();
    let counts = (0..candidates.warehouses.len()).map(|warehouse| (served(warehouse), warehouse));
    let best =
        counts.filter(|(served, _)| *served > 0).min_by_key(|(served, warehouse)| (Reverse(*served), *warehouse));
    best.map(|(_, warehouse)| warehouse)
}
