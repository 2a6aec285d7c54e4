//! Messaging: how slices talk. Owns schema `messaging` (outbox, inbox) and everything on the broker.
//! Knows no slice: it carries what `domain::messages` defines to whoever handles it.

pub mod broker;
pub mod bulkhead;
pub mod consumer;
pub mod dead;
pub mod envelope;
pub mod handle;
pub mod inbox;
pub mod metrics;
pub mod outbox;
pub mod permissions;
pub mod topology;

pub use bulkhead::{Bulkhead, CallLimit};
pub use domain::messages::Message;
pub use envelope::{Header, Outgoing, Trace};
pub use handle::{AfterCommit, Delivery, Handle, HandleError, HandleWithProvider, Handled, Verdict};
pub use outbox::Relay;
