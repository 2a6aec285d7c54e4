//! Transfers of units from one warehouse to another: two ledger entries, both or none.

use super::{LedgerEntry, Movement, Origin, StockRefusal, StockSnapshot};
use crate::ids::{TransferId, WarehouseId};
use crate::product::Sku;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    id: TransferId,
    sku: Sku,
    from: WarehouseId,
    to: WarehouseId,
    units: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransfer {
    #[error("a transfer must be between two different warehouses")]
    SameWarehouse,
    #[error("a transfer must be of at least 1 unit")]
    NoUnits,
}

impl Transfer {
    pub fn new(
        id: TransferId,
        sku: Sku,
        from: WarehouseId,
        to: WarehouseId,
        units: u32,
    ) -> Result<Self, InvalidTransfer> {
        match units {
            _ if from == to => Err(InvalidTransfer::SameWarehouse),
            0 => Err(InvalidTransfer::NoUnits),
            units => Ok(Self { id, sku, from, to, units }),
        }
    }

    pub const fn id(&self) -> TransferId {
        self.id
    }

    pub const fn sku(&self) -> &Sku {
        &self.sku
    }

    pub const fn from(&self) -> WarehouseId {
        self.from
    }

    pub const fn to(&self) -> WarehouseId {
        self.to
    }

    pub const fn units(&self) -> u32 {
        self.units
    }

    /// Moves the units in `stock`, which has the rows of both warehouses, and returns the two ledger entries. After a
    /// refusal `stock` must not be used.
    pub fn apply(
        &self,
        stock: &mut StockSnapshot,
        actor: &str,
        reason: &str,
    ) -> Result<[LedgerEntry; 2], StockRefusal> {
        let sides = [(self.from, Movement::TransferredOut(self.units)), (self.to, Movement::TransferredIn(self.units))];
        for (warehouse, movement) in sides {
            stock.apply(&self.sku, warehouse, movement)?;
        }
        let (transfer_id, actor, reason) = (self.id, actor.to_owned(), reason.to_owned());
        let origin = Origin::Transfer { transfer_id, actor, reason };
        let sku = &self.sku;
        Ok(sides.map(|(warehouse_id, movement)| LedgerEntry {
            sku: sku.clone(),
            warehouse_id,
            movement,
            origin: origin.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{StockLevel, StockRow};
    use uuid::Uuid;

    const EAST: WarehouseId = WarehouseId::from_uuid(Uuid::from_u128(1));
    const WEST: WarehouseId = WarehouseId::from_uuid(Uuid::from_u128(2));

    fn transfer(from: WarehouseId, to: WarehouseId, units: u32) -> Result<Transfer, InvalidTransfer> {
        Transfer::new(TransferId::from_uuid(Uuid::nil()), "A".parse().expect("a SKU"), from, to, units)
    }

    /// East has 10 units, 4 of them reserved; West has 1.
    fn stock(west_is_open: bool) -> StockSnapshot {
        let row = |warehouse_id, is_open, on_hand, reserved| {
            let level = StockLevel::new(on_hand, reserved).expect("legal counters");
            ("A".parse().expect("a SKU"), StockRow { warehouse_id, priority: 1, is_open, level, set_aside: 0 })
        };
        [row(EAST, true, 10, 4), row(WEST, west_is_open, 1, 0)].into_iter().collect()
    }

    #[test]
    fn a_transfer_removes_from_one_warehouse_what_it_adds_to_the_other() {
        let mut stock = stock(true);
        let transfer = transfer(EAST, WEST, 6).expect("a transfer");

        let entries = transfer.apply(&mut stock, "vendor:1", "moving").expect("available");

        let on_hand = |warehouse| stock.level(transfer.sku(), warehouse).map(StockLevel::on_hand);
        assert_eq!((on_hand(EAST), on_hand(WEST)), (Some(4), Some(7)));
        assert_eq!(entries.iter().map(|entry| entry.movement.on_hand_delta()).collect::<Vec<_>>(), [-6, 6]);
        assert_eq!(entries.iter().map(|entry| entry.warehouse_id).collect::<Vec<_>>(), [EAST, WEST]);
    }

    #[test]
    fn reserved_units_and_units_for_a_closed_warehouse_are_not_transferred() {
        let short = transfer(EAST, WEST, 7).expect("a transfer").apply(&mut stock(true), "a", "b");
        let closed = transfer(EAST, WEST, 1).expect("a transfer").apply(&mut stock(false), "a", "b");
        let from_closed = transfer(WEST, EAST, 1).expect("a transfer").apply(&mut stock(false), "a", "b");

        assert_eq!(short, Err(StockRefusal::NotEnoughAvailable { requested: 7, available: 6 }));
        assert_eq!(closed, Err(StockRefusal::WarehouseClosed));
        assert!(from_closed.is_ok(), "a closed warehouse can be emptied");
    }

    #[test]
    fn a_transfer_needs_two_warehouses_and_a_unit() {
        assert_eq!(transfer(EAST, EAST, 1), Err(InvalidTransfer::SameWarehouse));
        assert_eq!(transfer(EAST, WEST, 0), Err(InvalidTransfer::NoUnits));
    }
}
