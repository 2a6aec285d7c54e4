//! Orders: their statuses, the legal transitions between them, and the timeline that records each change.

mod cancel;
mod derived_status;
pub mod order_request;
mod state;
mod status;
mod timeline_entry;
mod transition;

pub use cancel::{CancelReason, Cancellation, StoredReason};
pub use derived_status::{FulfilmentStatus, OrderPaymentStatus};
pub use state::{Order, TimelineEvent};
pub use status::OrderStatus;
pub use timeline_entry::{DetailVisibility, EntryKind, TimelineEntry};
pub use transition::{InvalidTransition, OrderTransition};
