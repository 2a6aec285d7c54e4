//! The broker: connections that come back by themselves, and publishing that knows what arrived.
//!
//! Publishing and consuming stand on connections of their own: when the broker runs short of memory it stops reading
//! from whoever publishes, and acks must still get through.

mod connection;
mod inspector;
mod publisher;

pub(crate) use connection::within;
pub use connection::{BrokerError, Link, Links};
pub use inspector::{Attendance, Probe, QueueDepth};
pub use publisher::{Arrival, Publication, Publisher};
