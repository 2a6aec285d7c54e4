//! Outbox: what is to be said is stored with the fact that it tells, and published afterwards.
//!
//! [`append()`] stores messages and hands back a [`Parcel`]: the same messages, still in memory, and the right to publish
//! them for as long as the lease runs. After the commit the parcel goes to the process's [`Relay`], which publishes it and
//! deletes its rows. Whatever happens to a parcel, its rows stay until then: when the lease has run out, any process may
//! claim them.

mod append;
mod leased_messages;
mod relay;
mod relay_handle;
mod stalled;
mod store;

pub use append::{Taking, append, append_and_take};
pub use leased_messages::Parcel;
pub use relay::{LOOK_EVERY, run};
pub use relay_handle::Relay;
pub use stalled::{is_stalled, undrained_seconds};
