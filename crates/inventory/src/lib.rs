//! Inventory: owns schema `inventory`. Hears reserve, release and ship (`InventoryCommand`). Says reserved, rejected,
//! released, shipped, and held long. Knows no other slice.
//!
//! Whoever writes takes locks in one order, each in one statement, sorted: first the headers of its orders, then the
//! stock rows. A header or a stock row is thus never waited for by somebody who holds what the other needs.
//! Counters change by ledger entries alone (`store/ledger.rs`). The api calls the use cases, the worker [`Inventory`].

mod adjust_stock;
mod check_low_stock;
mod config;
mod decide;
mod error;
mod find_drift;
mod handle_batch;
mod list_stock;
mod query_stale_reservations;
mod receive_stock;
mod store;
mod warehouses;

pub use adjust_stock::{AdjustStockError, Adjustment, adjust_stock, set_low_stock_threshold};
pub use check_low_stock::check_low_stock;
pub use config::UpkeepArgs;
pub use error::StoreError;
pub use find_drift::{Drift, find_drift};
pub use list_stock::{PAGE_MAX, StockCursor, StockFilter, StockItem, StockPage, find_stock, list_stock};
pub use query_stale_reservations::question_holds;
pub use receive_stock::{Receipt, receive_many, receive_new};
pub use warehouses::{CreateWarehouseError, create_warehouse, list_warehouses};

/// The slice as the worker runs it: [`messaging::Handle`] for the queue `inventory`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inventory;
