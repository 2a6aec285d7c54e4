//! What holds under every policy.

use super::fixtures::{
    any_orders, any_policy, any_rows, closed_snapshot, decide, outcome, requested, snapshot, warehouse,
};
use crate::inventory::allocator::{ALTERNATIVES_MAX, AlternativeReason};
use crate::inventory::{StockLevel, StockSnapshot};
use crate::product::{Line, Sku};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Whether a SKU is short in all open warehouses together.
fn is_short(stock: &StockSnapshot, lines: &[Line]) -> bool {
    lines.iter().any(|line| stock.available(&line.sku) < line.quantity.get())
}

proptest! {
    #[test]
    fn an_order_is_allocated_exactly_or_refused_for_a_real_shortage(
        policy in any_policy(),
        rows in any_rows(4),
        closed in 0_u128..8,
        orders in any_orders(),
    ) {
        let mut stock = closed_snapshot(&rows, closed);
        for lines in orders {
            let before = stock.clone();
            match outcome(policy, &mut stock, &lines) {
                Err(shortages) => {
                    prop_assert!(is_short(&before, &lines) && !shortages.is_empty());
                    prop_assert!(shortages.iter().all(|short| short.available < short.requested));
                    prop_assert_eq!(&stock, &before);
                }
                Ok(plan) => {
                    let mut served: BTreeMap<Sku, u32> = BTreeMap::new();
                    for part in &plan {
                        *served.entry(part.sku.clone()).or_default() += part.quantity.get();
                        let had = before.level(&part.sku, part.warehouse_id).map_or(0, StockLevel::available);
                        prop_assert!(part.quantity.get() <= had, "oversold");
                        prop_assert!(part.warehouse_id != warehouse(closed), "closed");
                        let has = stock.level(&part.sku, part.warehouse_id).map_or(0, StockLevel::available);
                        prop_assert_eq!(has, had - part.quantity.get());
                    }
                    prop_assert_eq!(served, requested(&lines));
                    prop_assert!(!is_short(&before, &lines));
                }
            }
        }
    }

    #[test]
    fn the_same_batch_is_decided_the_same(policy in any_policy(), rows in any_rows(4), orders in any_orders()) {
        let mut backwards = rows.clone();
        backwards.reverse();
        let (mut one, mut other) = (snapshot(&rows), snapshot(&backwards));

        for lines in orders {
            prop_assert_eq!(decide(policy, &mut one, &lines), decide(policy, &mut other, &lines));
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn the_alternatives_are_few_and_differ_from_the_plan_and_their_shortages_are_real(
        policy in any_policy(),
        rows in any_rows(20),
        orders in any_orders(),
    ) {
        let mut stock = snapshot(&rows);
        for lines in orders {
            let before = stock.clone();
            let decision = decide(policy, &mut stock, &lines);
            prop_assert!(decision.alternatives.len() <= ALTERNATIVES_MAX);
            let mut used: Vec<_> = decision.outcome.iter().flatten().map(|part| part.warehouse_id).collect();
            used.sort_unstable();
            used.dedup();
            for mut alternative in decision.alternatives {
                let is_short = alternative.reason == AlternativeReason::NotEnough;
                prop_assert_eq!(is_short, !alternative.shortages.is_empty());
                for short in &alternative.shortages {
                    let units = |id: &_| before.level(&short.sku, *id).map_or(0, StockLevel::available);
                    prop_assert_eq!(alternative.warehouses.iter().map(units).sum::<u32>(), short.available);
                    prop_assert!(short.available < short.requested);
                }
                alternative.warehouses.sort_unstable();
                prop_assert_ne!(&alternative.warehouses, &used);
            }
        }
    }
}
