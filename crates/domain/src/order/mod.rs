//! Orders: their states, the legal ways between them, and the timeline that tells how one got where it is.

mod applied;
mod cancel;
mod entry;
pub mod placing;
mod standing;
mod state;
mod status;
mod transition;

pub use applied::Applied;
pub use cancel::{CancelReason, Cancellation, StoredReason};
pub use entry::Entry;
pub use standing::{FulfilmentStatus, PaymentStatus};
pub use state::{Event, Order};
pub use status::OrderStatus;
pub use transition::{InvalidTransition, Transition};
