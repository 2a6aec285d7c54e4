//! The SQL of the slice. Nothing here commits. A transaction that changes a shipment locks the booking first, then the
//! shipment. The tasks that move simulated shipments and check delays lock shipments only, and skip locked rows.
//!
//! Joins with `UNNEST` also filter by `= ANY($1)`. Without it, a cached plan that was made while the table was small
//! would scan the whole table after it has grown.

mod bookings;
mod changes;
mod delays;
mod events;
mod shipments;
mod simulated_moves;
mod views;

pub(crate) use bookings::{
    ChangedBooking, NewBooking, StoredBooking, insert_bookings, lock_bookings, start_cancelling,
};
pub(crate) use changes::save_changes;
pub(crate) use delays::{DelayCheck, LateShipment, insert_delays, lock_late_shipments, save_delay_checks};
pub(crate) use events::{NewEvent, insert_events};
pub(crate) use shipments::{ChangedShipment, StoredShipment, find_order_of_tracking_number};
pub(crate) use simulated_moves::{DueShipment, lock_due_shipments};
pub(crate) use views::{shipment_views, tracked_shipment_view};

const BOOKINGS: &str = "shipping.bookings";
const SHIPMENTS: &str = "shipping.shipments";
