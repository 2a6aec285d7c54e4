//! All SQL of this slice. Nothing here commits. Whoever changes a shipment locks its booking first, and then it; the
//! mover and the look for delays lock shipments alone, and wait for nobody.
//!
//! Joins with `UNNEST` also say `= ANY($1)`: without it a plan that was made while the table was small reads all of
//! it, and is kept while the table grows.

mod bookings;
mod changes;
mod delays;
mod events;
mod shipments;
mod simulated_moves;
mod views;

pub(crate) use bookings::{ChangedBooking, NewBooking, StoredBooking, lock_bookings, open_bookings, start_cancelling};
pub(crate) use changes::save_changes;
pub(crate) use delays::{LateShipment, Look, insert_delays, lock_late_shipments, save_looks};
pub(crate) use events::{NewEvent, insert_events};
pub(crate) use shipments::{ChangedShipment, StoredShipment, find_order_of_tracking_number};
pub(crate) use simulated_moves::{DueShipment, lock_due_shipments};
pub(crate) use views::{shipment_views, tracked_shipment_view};

use crate::error::ShippingError;

/// A guarded update must meet every row as it was read under its lock.
fn expect_rows(table: &'static str, expected: usize, changed: u64) -> Result<(), ShippingError> {
    if usize::try_from(changed).is_ok_and(|changed| changed == expected) {
        return Ok(());
    }
    Err(ShippingError::LostUpdate { table, expected, changed })
}
