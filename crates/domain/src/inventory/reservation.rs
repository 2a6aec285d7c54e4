//! What is held for an order: the fate of the whole, and of each line.

use super::Movement;
use crate::ids::WarehouseId;
use crate::messages::Allocation;
use crate::product::{Quantity, Sku};

/// The fate of an order's one reservation, as it is stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum ReservationState {
    /// Every line is held, or has been shipped.
    Reserved,
    /// Something fell short: nothing is held, nor ever will be.
    Rejected,
    /// Given back, perhaps before anything was held: a reserve that comes later is refused.
    Released,
}

/// The fate of one line, as it is stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum LineState {
    /// Held; counted in `reserved`.
    Active,
    Released,
    Shipped,
}

/// So many pieces of a SKU, held for an order in one warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLine {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub quantity: Quantity,
    pub state: LineState,
}

/// All lines of one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding(pub Vec<HeldLine>);

/// Why goods can't be shipped. Both speak of a parcel that should not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipRefusal {
    #[error("nothing was reserved for this order in this warehouse")]
    NeverReserved,
    #[error("the reservation of this order in this warehouse has been released")]
    Released,
}

impl ReservationState {
    /// After the order's stock is given back. A rejected order has nothing to give back and keeps its shortages.
    #[must_use]
    pub const fn release(self) -> Self {
        match self {
            Self::Reserved | Self::Released => Self::Released,
            Self::Rejected => Self::Rejected,
        }
    }
}

impl Holding {
    /// What was promised when it was reserved, whatever came of it since.
    pub fn allocations(&self) -> Vec<Allocation> {
        let allocation = |line: &HeldLine| Allocation {
            warehouse_id: line.warehouse_id,
            sku: line.sku.clone(),
            quantity: line.quantity,
        };
        self.0.iter().map(allocation).collect()
    }

    /// The lines to give back: none when all are back, or gone.
    pub fn release(&self) -> Vec<&HeldLine> {
        self.0.iter().filter(|line| line.state == LineState::Active).collect()
    }

    /// The lines that leave `warehouse`: none when they have left before.
    pub fn ship(&self, warehouse: WarehouseId) -> Result<Vec<&HeldLine>, ShipRefusal> {
        let lines: Vec<_> = self.0.iter().filter(|line| line.warehouse_id == warehouse).collect();
        if lines.is_empty() {
            return Err(ShipRefusal::NeverReserved);
        }
        if lines.iter().any(|line| line.state == LineState::Released) {
            return Err(ShipRefusal::Released);
        }
        Ok(lines.into_iter().filter(|line| line.state == LineState::Active).collect())
    }
}

impl HeldLine {
    /// What the stock row sees when the line is given back.
    pub fn released(&self) -> Movement {
        Movement::Released(self.quantity.get())
    }

    /// What the stock row sees when the line is shipped.
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

    fn holding(quantities: &[(u128, u32)]) -> Holding {
        let line = |(number, quantity): &(u128, u32)| HeldLine {
            sku: format!("SKU-{number}-{quantity}").parse().expect("a SKU"),
            warehouse_id: warehouse(*number),
            quantity: Quantity::try_from(*quantity).expect("a quantity"),
            state: LineState::Active,
        };
        Holding(quantities.iter().map(line).collect())
    }

    #[test]
    fn a_parcel_that_was_never_reserved_or_was_released_can_not_leave() {
        let mut holding = holding(&[(1, 2)]);

        assert_eq!(holding.ship(warehouse(2)), Err(ShipRefusal::NeverReserved));
        holding.0[0].state = LineState::Released;
        assert_eq!(holding.ship(warehouse(1)), Err(ShipRefusal::Released));
        holding.0[0].state = LineState::Shipped;
        assert_eq!(holding.ship(warehouse(1)), Ok(vec![]));
    }

    #[test]
    fn a_rejection_outlives_its_release() {
        assert_eq!(ReservationState::Rejected.release(), ReservationState::Rejected);
        assert_eq!(ReservationState::Reserved.release(), ReservationState::Released);
        assert_eq!(ReservationState::Released.release(), ReservationState::Released);
    }

    /// `None` releases the order, `Some(n)` ships from warehouse n.
    fn settle(holding: &mut Holding, command: Option<u128>) -> Vec<Movement> {
        let (lines, state) = match command {
            None => (holding.release(), LineState::Released),
            Some(number) => (holding.ship(warehouse(number)).unwrap_or_default(), LineState::Shipped),
        };
        let moves = |line: &&HeldLine| if command.is_none() { line.released() } else { line.shipped() };
        let movements = lines.iter().map(moves).collect();
        let settled: Vec<_> = lines.into_iter().map(|line| line.sku.clone()).collect();
        for line in holding.0.iter_mut().filter(|line| settled.contains(&line.sku)) {
            line.state = state;
        }
        movements
    }

    proptest! {
        #[test]
        fn each_line_is_given_back_or_shipped_once_in_whatever_order_commands_come(
            quantities in prop::collection::btree_set((1_u128..4, 1_u32..20), 1..8),
            commands in prop::collection::vec(prop::option::of(1_u128..5), 0..12),
        ) {
            let mut holding = holding(&quantities.into_iter().collect::<Vec<_>>());
            let promised = holding.allocations();
            let total: u32 = holding.0.iter().map(|line| line.quantity.get()).sum();
            let mut stock = StockLevel::new(total, total).expect("legal counters");

            for command in commands.into_iter().chain([None]) {
                for movement in settle(&mut holding, command) {
                    stock = stock.apply(movement).expect("what is settled was held");
                }
                prop_assert_eq!(settle(&mut holding, command), vec![], "a repeat settles nothing");
            }

            let shipped: u32 =
                holding.0.iter().filter(|line| line.state == LineState::Shipped).map(|line| line.quantity.get()).sum();
            prop_assert_eq!((stock.reserved(), stock.on_hand()), (0, total - shipped));
            prop_assert_eq!(holding.allocations(), promised);
        }
    }
}
