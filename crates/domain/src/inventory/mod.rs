//! Inventory: how many pieces lie where, what is held for whom, and which warehouse serves which line.
//!
//! Counters change by [`Movement`]s alone: each is one entry of the ledger, and the sum of an entry's row is the counter.

mod allocator;
mod ledger;
mod reservation;
mod stock;
mod stock_snapshot;
mod warehouse;

pub use allocator::allocate;
pub use ledger::{AdjustmentKind, Entry, Movement, MovementKind, Origin};
pub use reservation::{HeldLine, Holding, LineState, ReservationState, ShipRefusal};
pub use stock::{PIECES_MAX, StockLevel, StockRefusal};
pub use stock_snapshot::{Shelf, Shelves};
pub use warehouse::{Warehouse, WarehouseCode, WarehouseError};
