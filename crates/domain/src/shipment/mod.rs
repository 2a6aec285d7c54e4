//! Shipments: the state of each, and the state of the booking of all shipments of an order.

mod booking;
mod carrier_name;
mod carrier_report;
mod delivery_exception;
mod state;
mod status;
mod tracking_number;
mod transport;

pub use booking::{Booking, BookingChanged, BookingStatus};
pub use carrier_name::{BadCarrierName, CARRIER_NAME_LENGTH_MAX, CarrierName};
pub use carrier_report::{CarrierReport, ReportKind};
pub use delivery_exception::DeliveryException;
pub use state::{Milestone, Shipment, ShipmentRefusal, Waybill};
pub use status::ShipmentStatus;
pub use tracking_number::{BadTrackingNumber, TRACKING_NUMBER_LENGTH_MAX, TrackingNumber};
pub use transport::Transport;
