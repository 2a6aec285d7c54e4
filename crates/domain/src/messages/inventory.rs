//! The commands to the inventory, and its replies.

use super::{Address, Message, Queue};
use crate::Timestamp;
use crate::allocation_policy::AllocationPolicy;
use crate::ids::{OrderId, ReturnId, ShipmentId, WarehouseId};
use crate::location::Location;
use crate::product::{Line, Quantity, Sku};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumCount, strum::IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum InventoryCommand {
    #[serde(rename = "inventory.reserve.v1")]
    #[strum(serialize = "inventory.reserve.v1")]
    Reserve(ReserveStock),
    #[serde(rename = "inventory.release.v1")]
    #[strum(serialize = "inventory.release.v1")]
    Release(ReleaseStock),
    #[serde(rename = "inventory.ship.v1")]
    #[strum(serialize = "inventory.ship.v1")]
    Ship(ShipStock),
    #[serde(rename = "inventory.reduce.v1")]
    #[strum(serialize = "inventory.reduce.v1")]
    Reduce(ReduceReservation),
    #[serde(rename = "inventory.restock.v1")]
    #[strum(serialize = "inventory.restock.v1")]
    Restock(RestockReturn),
}

impl Message for InventoryCommand {
    const ADDRESS: Address = Address::Queue(Queue::Inventory);

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Reserve(message) => message.order_id,
            Self::Release(message) => message.order_id,
            Self::Ship(message) => message.order_id,
            Self::Reduce(message) => message.order_id,
            Self::Restock(message) => message.order_id,
        }
    }
}

/// Reserves all lines, or none, unless only lines that may wait are short. Replies: [`StockReserved`],
/// [`StockRejected`] or [`StockBackordered`]. A repeated command gets the same reply; one of an order that waits, with
/// what is missing now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveStock {
    pub order_id: OrderId,
    /// One line per SKU.
    pub lines: Vec<ReserveLine>,
    /// Overrides the policy of the inventory's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<AllocationPolicy>,
    /// Where the goods go. The rest of the address is not in any message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Location>,
}

impl ReserveStock {
    /// A command without a policy of its own and without a destination, whose lines may not wait, like those of earlier
    /// versions.
    pub fn new(order_id: OrderId, lines: Vec<Line>) -> Self {
        let lines = lines.into_iter().map(ReserveLine::from).collect();
        Self { order_id, lines, policy: None, destination: None }
    }
}

/// A line to reserve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// Whether the order waits for the units that are missing. Absent in messages of earlier versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_wait: bool,
}

impl ReserveLine {
    pub fn line(&self) -> Line {
        Line { sku: self.sku.clone(), quantity: self.quantity }
    }
}

impl From<Line> for ReserveLine {
    fn from(Line { sku, quantity }: Line) -> Self {
        Self { sku, quantity, may_wait: false }
    }
}

/// Releases the order's reservation. Reply: always [`StockReleased`]. A later [`ReserveStock`] is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseStock {
    pub order_id: OrderId,
}

/// The shipment has left the warehouse: removes the units of its SKUs from `on_hand` and `reserved`. Replies:
/// [`StockShipped`], or [`StockNotShipped`] if they are not reserved any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipStock {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    /// Empty for all that the order has reserved in the warehouse, as in messages of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<Sku>,
}

/// Releases the units of a shipment that were cancelled. It says what remains, so that a repeated or late command
/// releases nothing more. Reply: always [`ReservationReduced`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReduceReservation {
    pub order_id: OrderId,
    /// The amended shipment.
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    pub lines: Vec<RemainingUnits>,
}

/// How many units of a SKU stay reserved; may be zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingUnits {
    pub sku: Sku,
    pub units: u32,
}

/// Resellable units of a return are in the warehouse again: adds them to `on_hand`, once per return. Reply:
/// [`ReturnRestocked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestockReturn {
    pub order_id: OrderId,
    pub return_id: ReturnId,
    pub warehouse_id: WarehouseId,
    /// One line per SKU.
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReserved {
    pub order_id: OrderId,
    pub allocations: Vec<Allocation>,
}

/// Units of a SKU that are reserved in one warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub warehouse_id: WarehouseId,
    pub sku: Sku,
    pub quantity: Quantity,
}

/// Nothing is reserved. `shortages` has every SKU that is short; it is empty when the order was released before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRejected {
    pub order_id: OrderId,
    pub shortages: Vec<Shortage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    pub sku: Sku,
    pub requested: u32,
    pub available: u32,
}

/// What is available is reserved, the order waits for the rest. [`StockReserved`] follows once nothing is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockBackordered {
    pub order_id: OrderId,
    pub missing: Vec<MissingUnits>,
}

/// Units of a SKU that an order waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingUnits {
    pub sku: Sku,
    pub units: Quantity,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReleased {
    pub order_id: OrderId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockShipped {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
}

/// Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockNotShipped {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationReduced {
    pub order_id: OrderId,
    pub shipment_id: ShipmentId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRestocked {
    pub order_id: OrderId,
    pub return_id: ReturnId,
}

/// The order's reservation is older than its TTL: asks whether the order still needs it. Sent again as long as the
/// reservation exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationStale {
    pub order_id: OrderId,
    pub held_since: Timestamp,
}
