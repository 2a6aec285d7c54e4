//! The stock ledger. Its entries are the only way to change a counter.

use super::StockRefusal;
use crate::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use crate::product::Sku;
use serde::{Deserialize, Serialize};

/// A change of the stock of one SKU in one warehouse, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Units arrived at the warehouse.
    Received(u32),
    /// A stock count found more or fewer units.
    Adjusted(i32),
    /// Reserved for an order.
    Reserved(u32),
    /// A reservation was released.
    Released(u32),
    /// Reserved units left the warehouse.
    Shipped(u32),
    /// A customer returned units.
    Returned(u32),
}

/// A movement's name, as it is stored.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MovementKind {
    Received,
    Adjusted,
    Reserved,
    Released,
    Shipped,
    Returned,
}

/// The movements that people enter; orders cause the others.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AdjustmentKind {
    Received,
    Adjusted,
    Returned,
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

impl Movement {
    pub const fn kind(self) -> MovementKind {
        match self {
            Self::Received(_) => MovementKind::Received,
            Self::Adjusted(_) => MovementKind::Adjusted,
            Self::Reserved(_) => MovementKind::Reserved,
            Self::Released(_) => MovementKind::Released,
            Self::Shipped(_) => MovementKind::Shipped,
            Self::Returned(_) => MovementKind::Returned,
        }
    }

    /// The change of `on_hand`.
    pub fn on_hand_delta(self) -> i64 {
        match self {
            Self::Received(units) | Self::Returned(units) => i64::from(units),
            Self::Adjusted(difference) => i64::from(difference),
            Self::Reserved(_) | Self::Released(_) => 0,
            Self::Shipped(units) => -i64::from(units),
        }
    }

    /// The change of `reserved`.
    pub fn reserved_delta(self) -> i64 {
        match self {
            Self::Received(_) | Self::Adjusted(_) | Self::Returned(_) => 0,
            Self::Reserved(units) => i64::from(units),
            Self::Released(units) | Self::Shipped(units) => -i64::from(units),
        }
    }
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

    #[test]
    fn a_full_release_or_shipment_leaves_nothing_reserved() {
        for last in [Movement::Released(7), Movement::Shipped(7)] {
            assert_eq!(Movement::Reserved(7).reserved_delta() + last.reserved_delta(), 0);
        }
    }
}
