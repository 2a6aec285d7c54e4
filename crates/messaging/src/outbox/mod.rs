//! Transactional outbox: messages are inserted in the same transaction as the change they describe, and published after
//! the commit.
//!
//! [`crate::UnitOfWork`] appends messages at its commit, and gets [`LeasedMessages`]: the same messages, still in memory,
//! and the right to publish them until the lease ends. After the commit it passes them to the [`RelayHandle`] of the
//! process. The relay publishes them and deletes their rows. Whatever happens to the leased messages, their rows stay until then: when the
//! lease has ended, any process may claim them.

mod append;
mod leased_messages;
mod relay;
mod relay_handle;
mod stalled;
mod store;

pub use append::InboxEntries;
pub(crate) use append::append;
pub use leased_messages::LeasedMessages;
pub use relay::{POLL_INTERVAL, run};
pub use relay_handle::RelayHandle;
pub use stalled::{is_stalled, unpublished_seconds};
