//! Shipments: how far goods have come, and how the booking of an order's shipments stands as a whole.

mod booking;
mod state;
mod status;
mod tracking_number;

pub use booking::{Booking, BookingMoved, BookingStatus};
pub use state::{Milestone, Shipment, ShipmentRefusal, Waybill};
pub use status::ShipmentStatus;
pub use tracking_number::{BadTrackingNumber, TRACKING_NUMBER_LENGTH_MAX, TrackingNumber};
