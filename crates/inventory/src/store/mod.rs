//! The SQL of the slice.
//!
//! A batch finds its rows by primary key, joined with an `unnest`. Where only the first column of the key is given, a
//! lateral subquery with `OFFSET 0` forces one index scan per key. Otherwise a cached plan that was made while the
//! tables were empty would scan whole tables.

mod allocation_decisions;
mod backorders;
mod fill_backorders;
mod ledger;
mod lock_stock;
mod movements;
mod removals;
mod reservations;
mod reserved_lines;
mod restocks;
mod stock;
mod upkeep;
mod warehouses;

pub(crate) use allocation_decisions::{DecidedReservation, NewDecision, find_decided_reservation, insert_decisions};
pub(crate) use backorders::{NewBackorder, delete_backorders, find_backorders, insert_backorders, missing_units};
pub(crate) use fill_backorders::{
    Backorder, FilledBackorder, find_fillable_skus, find_next_backorders, lock_waiting, save_filled,
};
pub(crate) use ledger::apply_entries;
pub(crate) use lock_stock::{insert_missing_stock, lock_stock};
pub(crate) use movements::list_movements;
pub(crate) use removals::{
    compact_ledger, delete_reservations, lock_existing_reservations, orders_with_reserved_units,
};
pub(crate) use reservations::{
    LockedReservation, NewReservation, ReservationUpdate, lock_reservations, update_reservations,
};
pub(crate) use reserved_lines::{OrderLine, find_lines, insert_lines, update_lines};
pub(crate) use restocks::{NewRestock, insert_restocks};
pub(crate) use stock::{find_stock_item, list_stock, set_low_stock_threshold};
pub(crate) use upkeep::{
    LowStock, StaleReservation, StaleReservations, delete_recovered_stock, query_stale_reservations, record_low_stock,
};
pub(crate) use warehouses::{
    find_codes, find_locations, find_warehouses, insert_warehouse, list_warehouses, lock_warehouse, update_warehouse,
};

use domain::inventory::StockLevel;
use platform::consistency::{Inconsistency, StoredRow};
use std::fmt::Display;

/// The counters of a stock row.
fn level(row: &StoredRow<impl Display>, on_hand: i32, reserved: i32) -> Result<StockLevel, Inconsistency> {
    let level = u32::try_from(on_hand).ok().zip(u32::try_from(reserved).ok());
    let level = level.and_then(|(on_hand, reserved)| StockLevel::new(on_hand, reserved));
    level.ok_or_else(|| row.inconsistent("on_hand", format!("{on_hand} on hand with {reserved} reserved")))
}
