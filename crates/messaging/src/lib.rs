//! Messaging: asynchronous communication between slices. Owns schema `messaging` (outbox, inbox) and the whole RabbitMQ
//! topology. Depends on no slice: it publishes the messages that `domain::messages` defines, and delivers them to the
//! handlers of the slices.

pub mod broker;
pub mod bulkhead;
pub mod consumer;
pub mod dead_letters;
pub mod envelope;
pub mod handle;
pub mod inbox;
pub mod metrics;
pub mod outbox;
pub mod permissions;
pub mod topology;
pub mod unit_of_work;

pub use bulkhead::{Bulkhead, CallLimit};
pub use domain::messages::Message;
pub use envelope::{Header, Outgoing, Trace};
pub use handle::{Begun, Delivery, Handle, HandleError, HandleWithProvider, Handled, Verdict};
pub use outbox::RelayHandle;
pub use unit_of_work::{Changes, NoChanges, UnitOfWork, WriteContext};
