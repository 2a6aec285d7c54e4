//! Allocates the lines of an order to warehouses: all lines, or none.
//!
//! Every policy chooses among the same candidates: the warehouses that have a stock row of one of the SKUs. A closed
//! warehouse supplies nothing. Lines don't compete, because each has another SKU. So an order is refused, under every
//! policy, only when a SKU is short in all open warehouses together. The allocation is deterministic: the same orders on
//! the same stock give the same result.

mod alternatives;
mod candidates;
mod decision;
mod minimise_splits;
mod plan;
mod proximities;
mod ranked;
mod single_warehouse_first;
#[cfg(test)]
mod tests;

pub use decision::{ALTERNATIVES_MAX, AllocationDecision, Alternative, AlternativeReason};
pub use proximities::{Proximities, WarehouseLocations};

use super::{Movement, StockSnapshot};
use crate::allocation_policy::AllocationPolicy;
use crate::product::Line;
use candidates::Candidates;
use plan::Plan;

/// Reserves every line of an order in `stock`, or decides that it can't be served and leaves `stock` unchanged.
///
/// # Panics
/// When two lines have the same SKU; the caller must rule that out.
pub fn allocate(
    policy: AllocationPolicy,
    stock: &mut StockSnapshot,
    lines: &[Line],
    proximities: &Proximities<'_>,
) -> AllocationDecision {
    let candidates = Candidates::of(stock, lines);
    let shortages = candidates.shortages();
    if !shortages.is_empty() {
        let alternatives = alternatives::of_refusal(&candidates);
        return AllocationDecision { policy, outcome: Err(shortages), alternatives };
    }
    let plan = plan(policy, &candidates, proximities);
    let alternatives = alternatives::of_plan(policy, &candidates, &plan, proximities);
    let allocations = plan.allocations(&candidates);
    for part in &allocations {
        let movement = Movement::Reserved(part.quantity.get());
        stock.apply(&part.sku, part.warehouse_id, movement).expect("the plan reserves available units only");
    }
    AllocationDecision { policy, outcome: Ok(allocations), alternatives }
}

fn plan(policy: AllocationPolicy, candidates: &Candidates<'_>, proximities: &Proximities<'_>) -> Plan {
    match policy {
        AllocationPolicy::SingleWarehouseFirst => single_warehouse_first::plan(candidates),
        AllocationPolicy::MinimiseSplits => minimise_splits::plan(candidates),
        AllocationPolicy::Priority => ranked::by_priority(candidates),
        AllocationPolicy::Nearest => ranked::by_proximity(candidates, proximities),
    }
}
