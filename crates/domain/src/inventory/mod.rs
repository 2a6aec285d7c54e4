//! Inventory: stock levels per warehouse and SKU, reservations of orders, and the allocation of lines to warehouses.
//!
//! Counters change by [`Movement`]s only. Each movement is a ledger entry, and a counter is the sum of its entries.

mod allocator;
mod backorder;
mod ledger;
mod movement;
mod reservation;
mod stock;
mod stock_snapshot;
mod transfer;
mod warehouse;
mod warehouse_ref;

pub use crate::allocation_policy::AllocationPolicy;
pub use allocator::{
    ALTERNATIVES_MAX, AllocationDecision, Alternative, AlternativeReason, Proximities, WarehouseLocations, allocate,
};
pub use backorder::{BackorderDecision, WaitingOrder, allocate_or_wait, fill};
pub use ledger::{AdjustmentKind, LedgerEntry, Origin};
pub use movement::{Movement, MovementKind};
pub use reservation::{LineState, ReservationState, ReservedLine, ReservedLines, ShipRefusal};
pub use stock::{StockLevel, StockRefusal, UNITS_MAX};
pub use stock_snapshot::{StockRow, StockSnapshot};
pub use transfer::{InvalidTransfer, Transfer};
pub use warehouse::{Closure, Warehouse, WarehouseChange, WarehouseCode, WarehouseError};
pub use warehouse_ref::{InvalidWarehouseRef, WarehouseRef, WarehouseRefError};
