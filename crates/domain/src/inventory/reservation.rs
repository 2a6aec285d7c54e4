//! The reservation of an order: its state, and the state of each reserved line.

use super::Movement;
use crate::ids::WarehouseId;
use crate::messages::{Allocation, RemainingUnits};
use crate::product::{Quantity, Sku};

crate::string_enum! {
    /// The state of an order's only reservation, as it is stored.
    pub enum ReservationState {
        /// Every line is reserved or shipped.
        Reserved,
        /// What was available is reserved, the order waits for the rest.
        Waiting,
        /// A SKU was short: nothing is reserved, now or later.
        Rejected,
        /// Released, possibly before it was reserved: a later reserve command is refused.
        Released,
    }
}

crate::string_enum! {
    /// The state of one reserved line, as it is stored.
    pub enum LineState {
        /// Counted in the stock row's `reserved`.
        Active,
        Released,
        Shipped,
    }
}

/// Units of a SKU that are reserved for an order in one warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedLine {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub quantity: Quantity,
    pub state: LineState,
}

/// All reserved lines of one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReservedLines(pub Vec<ReservedLine>);

/// Why lines can't be shipped. Both mean that the shipment should not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipRefusal {
    #[error("nothing was reserved for this order in this warehouse")]
    NeverReserved,
    #[error("the reservation of this order in this warehouse has been released")]
    Released,
}

impl ReservationState {
    /// The state after a release. A rejected order has nothing to release, and stays rejected with its shortages.
    #[must_use]
    pub const fn release(self) -> Self {
        match self {
            Self::Reserved | Self::Waiting | Self::Released => Self::Released,
            Self::Rejected => Self::Rejected,
        }
    }
}

impl ReservedLines {
    /// What was reserved originally, including lines that are released or shipped by now.
    pub fn allocations(&self) -> Vec<Allocation> {
        let allocation = |line: &ReservedLine| Allocation {
            warehouse_id: line.warehouse_id,
            sku: line.sku.clone(),
            quantity: line.quantity,
        };
        self.0.iter().map(allocation).collect()
    }

    /// The active line of this SKU in this warehouse, which later units are added to.
    pub fn active_mut(&mut self, sku: &Sku, warehouse: WarehouseId) -> Option<&mut ReservedLine> {
        let is_same = |line: &&mut ReservedLine| line.sku == *sku && line.warehouse_id == warehouse;
        self.0.iter_mut().filter(is_same).find(|line| line.state == LineState::Active)
    }

    /// The lines to release; empty when all are released or shipped.
    pub fn release(&self) -> Vec<&ReservedLine> {
        self.0.iter().filter(|line| line.state == LineState::Active).collect()
    }

    /// The lines of `skus` to ship from `warehouse`; empty when they were shipped before. No SKUs stand for all.
    pub fn ship(&self, warehouse: WarehouseId, skus: &[Sku]) -> Result<Vec<&ReservedLine>, ShipRefusal> {
        let leaves =
            |line: &&ReservedLine| line.warehouse_id == warehouse && (skus.is_empty() || skus.contains(&line.sku));
        let lines: Vec<_> = self.0.iter().filter(leaves).collect();
        if lines.is_empty() {
            return Err(ShipRefusal::NeverReserved);
        }
        if lines.iter().any(|line| line.state == LineState::Released) {
            return Err(ShipRefusal::Released);
        }
        Ok(lines.into_iter().filter(|line| line.state == LineState::Active).collect())
    }

    /// The active lines of `warehouse` that have more units than `remaining` says, each as it shall be, with the number
    /// of units to release. A line without remaining units is released.
    pub fn reduce(&self, warehouse: WarehouseId, remaining: &[RemainingUnits]) -> Vec<(ReservedLine, u32)> {
        let reduced = |line: &ReservedLine| {
            let left = remaining.iter().find(|left| left.sku == line.sku)?.units;
            let units = line.quantity.get().checked_sub(left).filter(|units| *units > 0)?;
            Some(match Quantity::try_from(left) {
                Ok(quantity) => (ReservedLine { quantity, ..line.clone() }, units),
                Err(_none) => (ReservedLine { state: LineState::Released, ..line.clone() }, units),
            })
        };
        let active = self.0.iter().filter(|line| line.state == LineState::Active && line.warehouse_id == warehouse);
        active.filter_map(reduced).collect()
    }
}

impl ReservedLine {
    /// The movement that releases the line.
    pub fn released(&self) -> Movement {
        Movement::Released(self.quantity.get())
    }

    /// The movement that ships the line.
    pub fn shipped(&self) -> Movement {
        Movement::Shipped(self.quantity.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::StockLevel;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn warehouse(number: u128) -> WarehouseId {
        WarehouseId::from_uuid(Uuid::from_u128(number))
    }

    fn reserved_lines(quantities: &[(u128, u32)]) -> ReservedLines {
        let line = |(number, quantity): &(u128, u32)| ReservedLine {
            sku: format!("SKU-{number}-{quantity}").parse().expect("a SKU"),
            warehouse_id: warehouse(*number),
            quantity: Quantity::try_from(*quantity).expect("a quantity"),
            state: LineState::Active,
        };
        ReservedLines(quantities.iter().map(line).collect())
    }

    #[test]
    fn lines_that_were_never_reserved_or_are_released_can_not_be_shipped() {
        let mut reserved_lines = reserved_lines(&[(1, 2)]);

        assert_eq!(reserved_lines.ship(warehouse(2), &[]), Err(ShipRefusal::NeverReserved));
        reserved_lines.0[0].state = LineState::Released;
        assert_eq!(reserved_lines.ship(warehouse(1), &[]), Err(ShipRefusal::Released));
        reserved_lines.0[0].state = LineState::Shipped;
        assert_eq!(reserved_lines.ship(warehouse(1), &[]), Ok(vec![]));
    }

    #[test]
    fn a_shipment_takes_the_lines_of_its_skus_only() {
        let reserved_lines = reserved_lines(&[(1, 2), (1, 3), (2, 4)]);
        let shipped = |skus: &[&str]| {
            let skus: Vec<Sku> = skus.iter().map(|sku| sku.parse().expect("a SKU")).collect();
            let lines = reserved_lines.ship(warehouse(1), &skus);
            lines.map(|lines| lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>())
        };

        assert_eq!(shipped(&["SKU-1-3"]), Ok(vec![3]));
        assert_eq!(shipped(&["SKU-1-2", "SKU-1-3"]), Ok(vec![2, 3]));
        assert_eq!(shipped(&[]), Ok(vec![2, 3]), "a command of an earlier version");
        assert_eq!(shipped(&["SKU-2-4"]), Err(ShipRefusal::NeverReserved), "reserved in another warehouse");
    }

    #[test]
    fn a_reduction_says_what_remains_so_a_late_one_releases_nothing_more() {
        let mut reserved_lines = reserved_lines(&[(1, 5), (1, 3), (2, 4)]);
        let reduce = |lines: &ReservedLines, remaining: &[(&str, u32)]| {
            let remaining: Vec<_> = remaining
                .iter()
                .map(|(sku, units)| RemainingUnits { sku: sku.parse().expect("a SKU"), units: *units })
                .collect();
            lines.reduce(warehouse(1), &remaining)
        };

        let reduced = reduce(&reserved_lines, &[("SKU-1-5", 2), ("SKU-1-3", 0), ("SKU-2-4", 0)]);

        let outcomes: Vec<_> = reduced.iter().map(|(line, units)| (line.quantity.get(), line.state, *units)).collect();
        assert_eq!(outcomes, [(2, LineState::Active, 3), (3, LineState::Released, 3)]);
        for ((line, _), stored) in reduced.into_iter().zip(&mut reserved_lines.0) {
            *stored = line;
        }
        assert_eq!(reduce(&reserved_lines, &[("SKU-1-5", 2), ("SKU-1-3", 0)]), vec![], "a repeat");
        assert_eq!(reduce(&reserved_lines, &[("SKU-1-5", 4)]), vec![], "an earlier one");
        assert_eq!(reserved_lines.release().len(), 2, "the rest can still be released");
    }

    #[test]
    fn a_rejected_reservation_stays_rejected_after_a_release() {
        assert_eq!(ReservationState::Rejected.release(), ReservationState::Rejected);
        assert_eq!(ReservationState::Reserved.release(), ReservationState::Released);
        assert_eq!(ReservationState::Waiting.release(), ReservationState::Released);
        assert_eq!(ReservationState::Released.release(), ReservationState::Released);
    }

    /// `None` releases the order, `Some(n)` ships from warehouse n.
    fn close_lines(reserved_lines: &mut ReservedLines, command: Option<u128>) -> Vec<Movement> {
        let (lines, state) = match command {
            None => (reserved_lines.release(), LineState::Released),
            Some(number) => (reserved_lines.ship(warehouse(number), &[]).unwrap_or_default(), LineState::Shipped),
        };
        let movement = |line: &&ReservedLine| if command.is_none() { line.released() } else { line.shipped() };
        let movements = lines.iter().map(movement).collect();
        let closed: Vec<_> = lines.into_iter().map(|line| line.sku.clone()).collect();
        for line in reserved_lines.0.iter_mut().filter(|line| closed.contains(&line.sku)) {
            line.state = state;
        }
        movements
    }

    proptest! {
        #[test]
        fn each_line_is_released_or_shipped_once_in_any_order_of_commands(
            quantities in prop::collection::btree_set((1_u128..4, 1_u32..20), 1..8),
            commands in prop::collection::vec(prop::option::of(1_u128..5), 0..12),
        ) {
            let mut reserved_lines = reserved_lines(&quantities.into_iter().collect::<Vec<_>>());
            let allocated = reserved_lines.allocations();
            let total: u32 = reserved_lines.0.iter().map(|line| line.quantity.get()).sum();
            let mut stock = StockLevel::new(total, total).expect("legal counters");

            for command in commands.into_iter().chain([None]) {
                for movement in close_lines(&mut reserved_lines, command) {
                    stock = stock.apply(movement).expect("closed lines were reserved");
                }
                prop_assert_eq!(close_lines(&mut reserved_lines, command), vec![], "a repeat closes nothing");
            }

            let shipped = reserved_lines.0.iter().filter(|line| line.state == LineState::Shipped);
            let shipped: u32 = shipped.map(|line| line.quantity.get()).sum();
            prop_assert_eq!((stock.reserved(), stock.on_hand()), (0, total - shipped));
            prop_assert_eq!(reserved_lines.allocations(), allocated);
        }
    }
}
