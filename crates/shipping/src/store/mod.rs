//! The SQL of the slice. Nothing here commits. A transaction that changes a shipment locks the booking first, then the
//! shipment. Scheduled tasks lock shipments, skip locked rows, and never wait for a lock.
//!
//! Joins with arrays also filter by `= ANY($1)`. Without it, a cached plan that was made while the table was small
//! would scan the whole table after it has grown.

mod amendments;
mod bookings;
mod changes;
mod delays;
mod events;
mod list;
mod removals;
mod shipments;
mod views;

pub(crate) use amendments::start_amending;
pub(crate) use bookings::{
    ChangedBooking, NewBooking, StoredBooking, insert_bookings, lock_bookings, start_cancelling,
};
pub(crate) use changes::save_changes;
pub(crate) use delays::{DelayCheck, LateShipment, insert_delays, lock_late_shipments, save_delay_checks};
pub(crate) use events::{NewEvent, StoredEvent, erase_notes, find_events, insert_events};
pub(crate) use list::list_shipments;
pub(crate) use removals::{delete_bookings, lock_existing_bookings, orders_in_progress};
pub(crate) use shipments::{ChangedShipment, ShipmentRow, StoredShipment, find_order};
pub(crate) use views::shipment_views;

const BOOKINGS: &str = "shipping.bookings";
const SHIPMENTS: &str = "shipping.shipments";
