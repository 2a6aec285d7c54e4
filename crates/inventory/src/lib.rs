//! Inventory: owns schema `inventory`. Consumes the commands reserve, release, reduce, ship and restock
//! (`InventoryCommand`). Replies with reserved, rejected, backordered, released, reduced, shipped, not shipped and
//! restocked, and reports stale reservations. Depends on no other slice.
//!
//! All writers lock rows in the same order, so that they can't deadlock: first the reservations of the orders, then the
//! stock rows, each sorted and in one statement. Counters change only through ledger entries (`store/ledger.rs`), which
//! `list_movements` shows. The api calls the use cases, the worker runs [`Inventory`].

mod adjust_stock;
mod audited_stock;
mod batch;
mod changes;
mod check_low_stock;
mod config;
mod decide;
mod error;
mod fill_backorders;
mod find_allocation;
mod find_warehouse;
mod handle_batch;
mod list_movements;
mod list_stock;
mod movements;
mod query_stale_reservations;
mod receive_stock;
mod remove_orders;
mod replies;
mod reserve;
mod restock;
mod store;
mod transfer_stock;
mod update_warehouse;
mod views;
mod warehouses;

pub use adjust_stock::{AdjustStockError, Adjustment, adjust_stock, set_low_stock_threshold};
pub use check_low_stock::check_low_stock;
pub use config::{AllocationArgs, UpkeepArgs};
pub use error::StoreError;
pub use fill_backorders::fill_backorders;
pub use find_allocation::{AllocationStatus, AllocationView, find_allocation};
pub use find_warehouse::{find_warehouse, warehouse_codes};
pub use list_movements::list_movements;
pub use list_stock::{find_stock, list_stock};
pub use movements::{InvalidMovementCursor, MovementCursor, MovementFilter, StockMovement};
pub use query_stale_reservations::query_stale_reservations;
pub use receive_stock::{Receipt, receive_many, receive_new};
pub use remove_orders::{open_orders, remove_orders};
pub use transfer_stock::{Transferred, transfer_stock};
pub use update_warehouse::{UpdateWarehouseError, update_warehouse};
pub use views::{InvalidCursor, StockCursor, StockFilter, StockItem};
pub use warehouses::{CreateWarehouseError, create_warehouse, list_warehouses};

use domain::inventory::AllocationPolicy;

/// The handler of the inventory queue, see [`messaging::Handle`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Inventory {
    /// Allocates orders whose command names no policy.
    pub policy: AllocationPolicy,
}
