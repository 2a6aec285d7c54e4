//! The broker: connections that come back by themselves, and publishing that knows what arrived.
//!
//! Publishing and consuming stand on connections of their own: when the broker runs short of memory it stops reading
//! from whoever publishes, and acks must still get through.

mod link;
mod probe;
mod publisher;

pub(crate) use link::within;
pub use link::{BrokerError, Link, Links};
pub use probe::{Attendance, Probe, QueueDepth};
pub use publisher::{Arrival, Publication, Publisher};
