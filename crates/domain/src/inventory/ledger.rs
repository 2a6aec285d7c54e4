//! The stock ledger. Its entries are the only way to change a counter.

use super::movement::Movement;
use super::stock::StockRefusal;
use crate::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use crate::product::Sku;
crate::string_enum! {
    /// The movements that people enter; orders cause the others.
    pub enum AdjustmentKind {
        Received,
        Adjusted,
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
}

impl AdjustmentKind {
    /// The movement of `quantity` units: negative only for a stock count, and never zero.
    pub fn movement(self, quantity: i32) -> Result<Movement, StockRefusal> {
        let units = || u32::try_from(quantity).ok().filter(|units| *units > 0).ok_or(StockRefusal::BadQuantity);
        match self {
            Self::Received => Ok(Movement::Received(units()?)),
            Self::Returned => Ok(Movement::Returned(units()?)),
            Self::Adjusted if quantity == 0 => Err(StockRefusal::BadQuantity),
            Self::Adjusted => Ok(Movement::Adjusted(quantity)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stock_count_may_be_negative() {
        assert_eq!(AdjustmentKind::Adjusted.movement(-3), Ok(Movement::Adjusted(-3)));
        assert_eq!(AdjustmentKind::Received.movement(3), Ok(Movement::Received(3)));
        assert_eq!(AdjustmentKind::Returned.movement(3), Ok(Movement::Returned(3)));

        for (kind, quantity) in
            [(AdjustmentKind::Received, -3), (AdjustmentKind::Returned, 0), (AdjustmentKind::Adjusted, 0)]
        {
            assert_eq!(kind.movement(quantity), Err(StockRefusal::BadQuantity), "{kind} {quantity}");
        }
    }
}
