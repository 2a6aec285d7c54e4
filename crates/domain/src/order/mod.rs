//! Orders: their statuses, the legal transitions between them, and the timeline that records each change.

mod cancel;
mod derived_status;
pub mod order_request;
mod state;
mod timeline_entry;
mod transition;

pub use crate::order_status::OrderStatus;
pub use cancel::{CancelReason, Cancellation, StoredReason};
pub use derived_status::{FulfilmentStatus, OrderPaymentStatus};
pub use state::{Order, TimelineEvent};
pub use timeline_entry::{DetailVisibility, EntryKind, TimelineEntry};
pub use transition::{InvalidTransition, OrderTransition};
