//! The change of an order by a transition of its saga, before it is saved.

use domain::Timestamp;
use domain::ids::MessageId;
use domain::order::{Order, TimelineEvent};
use domain::saga::OrderSaga;

/// An order and its saga after a transition, to be saved.
#[derive(Debug, Clone)]
pub(crate) struct OrderChange {
    pub order: Order,
    pub version_before: i32,
    pub saga: OrderSaga,
    pub deadline_at: Timestamp,
    pub events: Vec<TimelineEvent>,
    /// The message that caused the change, if one did.
    pub cause: Option<MessageId>,
    /// The actor that caused the change, if one did.
    pub actor: Option<String>,
}
