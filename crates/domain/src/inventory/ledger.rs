//! The stock ledger. Its entries are the only way to change a counter.

use super::movement::Movement;
use super::stock::{StockLevel, StockRefusal};
use crate::ids::{MessageId, OrderId, ShipmentId, TransferId, WarehouseId};
use crate::product::Sku;

crate::string_enum! {
    /// The movements that people enter; orders cause the others.
    pub enum AdjustmentKind {
        Received,
        Adjusted,
        Counted,
        Returned,
    }
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub movement: Movement,
    pub origin: Origin,
}

/// The cause of a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Order { order_id: OrderId, shipment_id: Option<ShipmentId>, cause: MessageId },
    Person { actor: String, reason: String },
    Transfer { transfer_id: TransferId, actor: String, reason: String },
}

impl AdjustmentKind {
    /// The movement of `quantity` units on stock at `level`: negative only for an adjustment, zero only for a count.
    pub fn movement(self, quantity: i32, level: StockLevel) -> Result<Movement, StockRefusal> {
        let units = || u32::try_from(quantity).ok().filter(|units| *units > 0).ok_or(StockRefusal::BadQuantity);
        match self {
            Self::Received => Ok(Movement::Received(units()?)),
            Self::Returned => Ok(Movement::Returned(units()?)),
            Self::Adjusted if quantity == 0 => Err(StockRefusal::BadQuantity),
            Self::Adjusted => Ok(Movement::Adjusted(quantity)),
            Self::Counted => level.count(quantity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_adjustment_may_be_negative_and_only_a_count_zero() {
        let level = StockLevel::new(10, 4).expect("legal counters");
        assert_eq!(AdjustmentKind::Adjusted.movement(-3, level), Ok(Movement::Adjusted(-3)));
        assert_eq!(AdjustmentKind::Received.movement(3, level), Ok(Movement::Received(3)));
        assert_eq!(AdjustmentKind::Returned.movement(3, level), Ok(Movement::Returned(3)));
        assert_eq!(AdjustmentKind::Counted.movement(8, level), Ok(Movement::Counted(-2)));
        assert_eq!(AdjustmentKind::Counted.movement(0, StockLevel::default()), Ok(Movement::Counted(0)));

        for (kind, quantity) in [
            (AdjustmentKind::Received, -3),
            (AdjustmentKind::Returned, 0),
            (AdjustmentKind::Adjusted, 0),
            (AdjustmentKind::Counted, -1),
        ] {
            assert_eq!(kind.movement(quantity, level), Err(StockRefusal::BadQuantity), "{kind} {quantity}");
        }
    }
}
