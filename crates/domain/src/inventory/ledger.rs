//! The ledger: what happened to stock, entry by entry. Nothing else changes a counter.

use super::StockRefusal;
use crate::ids::{MessageId, OrderId, ShipmentId, WarehouseId};
use crate::product::Sku;
use serde::{Deserialize, Serialize};

/// What happened to one SKU in one warehouse, in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Goods came in.
    Received(u32),
    /// Somebody counted, and found more or fewer.
    Adjusted(i32),
    /// Promised to an order.
    Reserved(u32),
    /// The promise was taken back.
    Released(u32),
    /// Promised goods left the house.
    Shipped(u32),
    /// Goods came back from a customer.
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

/// The movements that people make; orders make the others.
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

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub movement: Movement,
    pub origin: Origin,
}

/// Who moved it, and why.
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

    /// What it adds to `on_hand`.
    pub fn on_hand_delta(self) -> i64 {
        match self {
            Self::Received(pieces) | Self::Returned(pieces) => i64::from(pieces),
            Self::Adjusted(difference) => i64::from(difference),
            Self::Reserved(_) | Self::Released(_) => 0,
            Self::Shipped(pieces) => -i64::from(pieces),
        }
    }

    /// What it adds to `reserved`.
    pub fn reserved_delta(self) -> i64 {
        match self {
            Self::Received(_) | Self::Adjusted(_) | Self::Returned(_) => 0,
            Self::Reserved(pieces) => i64::from(pieces),
            Self::Released(pieces) | Self::Shipped(pieces) => -i64::from(pieces),
        }
    }
}

impl AdjustmentKind {
    /// The movement of `quantity` pieces: a count may find fewer, goods that come in are more than none.
    pub fn movement(self, quantity: i32) -> Result<Movement, StockRefusal> {
        let pieces = || u32::try_from(quantity).ok().filter(|pieces| *pieces > 0).ok_or(StockRefusal::BadQuantity);
        match self {
            Self::Received => Ok(Movement::Received(pieces()?)),
            Self::Returned => Ok(Movement::Returned(pieces()?)),
            Self::Adjusted if quantity == 0 => Err(StockRefusal::BadQuantity),
            Self::Adjusted => Ok(Movement::Adjusted(quantity)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_may_find_fewer() {
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
    fn what_an_order_does_in_full_leaves_nothing_reserved() {
        for last in [Movement::Released(7), Movement::Shipped(7)] {
            assert_eq!(Movement::Reserved(7).reserved_delta() + last.reserved_delta(), 0);
        }
    }
}
