//! Orders: their states, the legal ways between them, and the timeline that tells how one got where it is.

mod applied;
mod cancel;
mod derived_status;
pub mod order_request;
mod state;
mod status;
mod timeline_entry;
mod transition;

pub use applied::Applied;
pub use cancel::{CancelReason, Cancellation, StoredReason};
pub use derived_status::{FulfilmentStatus, PaymentStatus};
pub use state::{Event, Order};
pub use status::OrderStatus;
pub use timeline_entry::Entry;
pub use transition::{InvalidTransition, Transition};
