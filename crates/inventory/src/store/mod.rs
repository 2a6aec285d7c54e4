//! All SQL of this slice.
//!
//! A batch finds its rows by primary key from an `UNNEST`. Where only the key's first column is known, a lateral
//! subquery with `OFFSET 0` keeps the planner from anything but one index scan a key: a plan that was made while the
//! tables were empty, and kept, would else read them whole.

mod drift;
mod ledger;
mod lock_stock;
mod reservations;
mod reserved_lines;
mod stock;
mod upkeep;
mod warehouses;

pub(crate) use drift::find_drift;
pub(crate) use ledger::move_stock;
pub(crate) use lock_stock::{lock_shelves, open_shelves};
pub(crate) use reservations::{Claim, ClaimedHeader, SettledHeader, claim_headers, settle_headers};
pub(crate) use reserved_lines::{HeldFor, holdings, insert_lines, settle_lines};
pub(crate) use stock::{list_stock, set_low_stock_threshold};
pub(crate) use upkeep::{LongHold, Looked, LowStock, forget_recovered_stock, note_low_stock, question_holds};
pub(crate) use warehouses::{insert_warehouse, list_warehouses};

use crate::StoreError;
use domain::inventory::StockLevel;
use domain::product::Sku;
use std::fmt::Display;
use std::str::FromStr;

/// A stored text as its type, or the row is bad.
fn parsed<T: FromStr>(
    text: &str,
    table: &'static str,
    column: &'static str,
    id: impl Display,
) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent { table, column, id: id.to_string() })
}

/// The counters of a stock row.
fn level(sku: &Sku, on_hand: i32, reserved: i32) -> Result<StockLevel, StoreError> {
    let level = u32::try_from(on_hand).ok().zip(u32::try_from(reserved).ok());
    let level = level.and_then(|(on_hand, reserved)| StockLevel::new(on_hand, reserved));
    level.ok_or_else(|| StoreError::Inconsistent { table: "stock", column: "on_hand", id: sku.to_string() })
}

/// Every row that was to be changed was there, in the state that the change begins from.
fn expect_rows(changed: u64, expected: usize, table: &'static str, column: &'static str) -> Result<(), StoreError> {
    if usize::try_from(changed).is_ok_and(|changed| changed == expected) {
        return Ok(());
    }
    Err(StoreError::Inconsistent { table, column, id: format!("{changed} rows where {expected} were expected") })
}
