//! Backorders: an order whose products allow it gets what is available, and waits for the rest.
//!
//! The orders that wait for a SKU have a sequence: the sooner one began to wait, the sooner it is served. A new order is
//! the last of them, so it gets only the units that nobody waits for.

mod fill;
#[cfg(test)]
mod tests;

pub use fill::{WaitingOrder, fill};

use super::{AllocationDecision, Proximities, StockSnapshot, allocate};
use crate::allocation_policy::AllocationPolicy;
use crate::messages::{MissingUnits, ReserveLine};
use crate::product::{Line, Quantity};

/// The decision about what is available, and what is missing then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackorderDecision {
    pub decision: AllocationDecision,
    /// Empty when the order is refused, or gets everything.
    pub missing: Vec<MissingUnits>,
}

/// Like [`allocate`], but what is short of a line that may wait is missing instead of a reason to refuse the order.
///
/// # Panics
/// When two lines have the same SKU; the caller must rule that out.
pub fn allocate_or_wait(
    policy: AllocationPolicy,
    stock: &mut StockSnapshot,
    lines: &[ReserveLine],
    proximities: &Proximities<'_>,
) -> BackorderDecision {
    let mut wanted: Vec<Line> = lines.iter().map(ReserveLine::line).collect();
    let is_short = |line: &&ReserveLine| stock.available(&line.sku) < line.quantity.get();
    let may_wait = lines.iter().any(|line| line.may_wait) && lines.iter().filter(is_short).all(|line| line.may_wait);
    let missing = if may_wait { missing(stock, &wanted) } else { Vec::new() };
    if !missing.is_empty() {
        wanted = available(stock, wanted);
    }
    BackorderDecision { decision: allocate(policy, stock, &wanted, proximities), missing }
}

/// What of the lines is not available.
fn missing(stock: &StockSnapshot, lines: &[Line]) -> Vec<MissingUnits> {
    let missing = |line: &Line| {
        let units = line.quantity.get().saturating_sub(stock.available(&line.sku));
        // 0 is no valid quantity: nothing is missing of a line that is available.
        Quantity::try_from(units).ok().map(|units| MissingUnits { sku: line.sku.clone(), units })
    };
    lines.iter().filter_map(missing).collect()
}

/// What of the lines is available; lines of which nothing is are left out.
fn available(stock: &StockSnapshot, lines: Vec<Line>) -> Vec<Line> {
    let available = |line: Line| {
        let units = line.quantity.get().min(stock.available(&line.sku));
        Quantity::try_from(units).ok().map(|quantity| Line { quantity, ..line })
    };
    lines.into_iter().filter_map(available).collect()
}
