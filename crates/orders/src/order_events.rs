//! Shows an order's timeline.

use crate::error::StoreError;
use crate::store::timeline;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::order::OrderStatus;
use serde::Serialize;
use sqlx::PgPool;

/// Entries that are shown, the first ones; an order has a few dozen, one that nobody can help has more.
pub const EVENTS_MAX: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// The order's version after it.
    pub version: i32,
    /// `accepted`, `stock_reserved`, `payment_declined`, ...
    pub kind: String,
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
    /// What is worth knowing about it; not for vendors, as it may tell of others' goods.
    pub detail: Option<serde_json::Value>,
    /// The message that caused it, if one did.
    pub cause: Option<MessageId>,
    /// Who asked for it, if somebody did: `customer`, `admin`, `scheduler`; with their id for admins.
    pub actor: Option<String>,
    pub at: Timestamp,
}

/// From the first to the latest. None when there is no such order, or the viewer may not see it.
pub async fn order_events(pool: &PgPool, id: OrderId, viewer: Viewer) -> Result<Option<Vec<EventView>>, StoreError> {
    let events = timeline::events(&mut *pool.acquire().await?, id, viewer, EVENTS_MAX).await?;
    // Every order has its first entry from the moment that it is stored.
    Ok(if events.is_empty() { None } else { Some(events) })
}
