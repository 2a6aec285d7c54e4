//! Orders: their statuses, the legal transitions between them, and the timeline that records each change.

mod adjustments;
mod cancel;
mod derived_status;
mod details;
mod order_number;
pub mod order_request;
pub mod pricing;
mod recipient;
mod state;
mod timeline_entry;
mod transition;

pub use crate::location::Country;
pub use crate::order_status::OrderStatus;
pub use adjustments::{Adjustments, LineAdjustment};
pub use cancel::{CancelReason, Cancellation, StoredReason};
pub use derived_status::{FulfilmentStatus, OrderPaymentStatus};
pub use details::{
    BadDetails, EXTERNAL_REF_LENGTH_MAX, ExternalRef, METADATA_ENTRIES_MAX, METADATA_KEY_LENGTH_MAX,
    METADATA_VALUE_LENGTH_MAX, Metadata, MetadataKey, MetadataValue, OrderDetails,
};
pub use order_number::{BadOrderNumber, OrderNumber};
pub use recipient::{AddressText, Contact, Phone, Recipient, ShipTo};
pub use state::{Order, TimelineEvent};
pub use timeline_entry::{DetailVisibility, EntryKind, RemainingShipments, TimelineEntry};
pub use transition::{InvalidTransition, OrderTransition};
