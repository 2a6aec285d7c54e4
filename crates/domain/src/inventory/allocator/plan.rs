//! Which warehouse supplies how many units of which line.

use super::candidates::Candidates;
use crate::messages::Allocation;
use crate::product::Quantity;
use std::collections::BTreeSet;

/// The parts in the order in which they were planned.
#[derive(Default)]
pub(super) struct Plan(Vec<Part>);

/// Warehouse and line are places in [`Candidates`].
pub(super) struct Part {
    pub warehouse: usize,
    pub line: usize,
    pub quantity: Quantity,
}

impl Plan {
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    pub fn warehouses(&self) -> BTreeSet<usize> {
        self.0.iter().map(|part| part.warehouse).collect()
    }

    pub fn uses(&self, warehouse: usize) -> bool {
        self.0.iter().any(|part| part.warehouse == warehouse)
    }

    /// The warehouse supplies the whole line.
    pub fn supply_line(&mut self, candidates: &Candidates<'_>, warehouse: usize, line: usize) {
        self.0.push(Part { warehouse, line, quantity: candidates.lines[line].quantity });
    }

    /// Each of `warehouses`, in this order, supplies as much of the line as it has, until nothing is missing.
    pub fn split_line(
        &mut self,
        candidates: &Candidates<'_>,
        warehouses: impl IntoIterator<Item = usize>,
        line: usize,
    ) {
        let mut missing = candidates.requested(line);
        for warehouse in warehouses {
            let supplied = missing.min(candidates.warehouses[warehouse].units[line]);
            missing -= supplied;
            // 0 is no valid quantity: warehouses that have nothing, or come after the last missing unit, are skipped.
            self.0.extend(Quantity::try_from(supplied).ok().map(|quantity| Part { warehouse, line, quantity }));
        }
    }

    pub fn allocations(&self, candidates: &Candidates<'_>) -> Vec<Allocation> {
        let allocation = |part: &Part| Allocation {
            warehouse_id: candidates.warehouses[part.warehouse].id,
            sku: candidates.lines[part.line].sku.clone(),
            quantity: part.quantity,
        };
        self.0.iter().map(allocation).collect()
    }
}
