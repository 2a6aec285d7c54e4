//! The client of the broker: connections that reconnect on demand, a publisher that reports the outcome of every
//! message, and an inspector for queue depths.
//!
//! Publishing and consuming use separate connections: when the broker runs short of memory it blocks connections that
//! publish, and acks must still get through.

mod backoff;
mod connection;
mod delivery;
mod inspector;
mod publisher;
mod session;
mod signature;

pub(crate) use backoff::Backoff;
pub(crate) use connection::within;
pub use connection::{BrokerConnection, BrokerConnections, BrokerError};
pub(crate) use delivery::{attempt, message_id};
pub use inspector::{QueueDepth, QueueInspector, QueueStatus};
pub use publisher::{Publication, PublishOutcome, Publisher};
pub(crate) use session::{ConsumingChannel, SessionLoop};
pub(crate) use signature::MessageSigner;
