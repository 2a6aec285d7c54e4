//! The alternatives to a plan, each with the reason why it was rejected.

use super::candidates::Candidates;
use super::decision::{ALTERNATIVES_MAX, Alternative, AlternativeReason, SHORTAGES_MAX};
use super::plan::Plan;
use super::proximities::Proximities;
use super::{minimise_splits, single_warehouse_first};
use crate::allocation_policy::AllocationPolicy;

/// Each warehouse alone. None has enough of everything.
pub(super) fn of_refusal(candidates: &Candidates<'_>) -> Vec<Alternative> {
    let reason = |warehouse: usize| {
        let is_open = candidates.warehouses[warehouse].is_open;
        if is_open { AlternativeReason::NotEnough } else { AlternativeReason::Closed }
    };
    let warehouses = (0..candidates.warehouses.len()).take(ALTERNATIVES_MAX);
    warehouses.map(|warehouse| alternative(candidates, &[warehouse], reason(warehouse))).collect()
}

/// Each warehouse alone; for `minimise_splits` also combinations of as many warehouses as the plan has, and the greedy
/// plan if it has more.
pub(super) fn of_plan(
    policy: AllocationPolicy,
    candidates: &Candidates<'_>,
    plan: &Plan,
    proximities: &Proximities<'_>,
) -> Vec<Alternative> {
    let used: Vec<usize> = plan.warehouses().into_iter().collect();
    let context = Context { policy, candidates, plan, proximities };
    let others = (0..candidates.warehouses.len()).filter(|warehouse| used != [*warehouse]);
    let alone = others.map(|warehouse| alternative(candidates, &[warehouse], context.reason(warehouse)));
    let mut alternatives: Vec<_> = alone.take(ALTERNATIVES_MAX).collect();
    if policy == AllocationPolicy::MinimiseSplits && used.len() > 1 {
        let greedy: Vec<usize> = single_warehouse_first::plan(candidates).warehouses().into_iter().collect();
        let larger = (greedy.len() > used.len()).then_some((greedy, AlternativeReason::MoreShipments));
        let equal = minimise_splits::sufficient(candidates, used.len()).filter(|warehouses| *warehouses != used);
        let equal = equal.map(|warehouses| (warehouses, AlternativeReason::LowerPriority));
        let combinations = larger.into_iter().chain(equal).take(ALTERNATIVES_MAX - alternatives.len());
        alternatives.extend(combinations.map(|(warehouses, reason)| alternative(candidates, &warehouses, reason)));
    }
    alternatives
}

struct Context<'a> {
    policy: AllocationPolicy,
    candidates: &'a Candidates<'a>,
    plan: &'a Plan,
    proximities: &'a Proximities<'a>,
}

impl Context<'_> {
    /// Why `warehouse` does not serve the order alone.
    fn reason(&self, warehouse: usize) -> AlternativeReason {
        let candidate = &self.candidates.warehouses[warehouse];
        let is_ranked = matches!(self.policy, AllocationPolicy::Priority | AllocationPolicy::Nearest);
        // A ranked warehouse with some of the units is unused because of its rank, whether it has enough or not.
        let is_outranked = is_ranked && candidate.has_any() && !self.plan.uses(warehouse);
        if !candidate.is_open {
            AlternativeReason::Closed
        } else if !is_outranked && !self.candidates.suffice(&[warehouse]) {
            AlternativeReason::NotEnough
        } else if self.policy == AllocationPolicy::Nearest && self.is_farther(warehouse) {
            AlternativeReason::Farther
        } else {
            AlternativeReason::LowerPriority
        }
    }

    /// Whether the warehouses that supply what `warehouse` has are all nearer.
    fn is_farther(&self, warehouse: usize) -> bool {
        let proximity = |warehouse: usize| self.proximities.of(self.candidates.warehouses[warehouse].id);
        let units = &self.candidates.warehouses[warehouse].units;
        let mut suppliers = self.plan.parts().iter().filter(|part| part.warehouse != warehouse && units[part.line] > 0);
        suppliers.all(|part| proximity(part.warehouse) < proximity(warehouse))
    }
}

fn alternative(candidates: &Candidates<'_>, warehouses: &[usize], reason: AlternativeReason) -> Alternative {
    let shortages = match reason {
        AlternativeReason::NotEnough => candidates.shortages_of(warehouses).take(SHORTAGES_MAX).collect(),
        _ => Vec::new(),
    };
    let warehouses = warehouses.iter().map(|warehouse| candidates.warehouses[*warehouse].id).collect();
    Alternative { warehouses, reason, shortages }
}
