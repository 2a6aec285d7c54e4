//! Shows an order's timeline.

use crate::error::StoreError;
use crate::store::timeline;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::order::OrderStatus;
use serde::Serialize;
use sqlx::PgPool;

/// Entries that are shown at a time, the first ones; an order has a few dozen, one that nobody can help has more.
pub const EVENTS_MAX: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// The order's version after it.
    pub version: i32,
    /// `accepted`, `stock_reserved`, `payment_declined`, ...
    pub kind: String,
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
    /// What is worth knowing about it; not for vendors, as it may tell of others' goods, and of what operators did only for
    /// admins.
    pub detail: Option<serde_json::Value>,
    /// The message that caused it, if one did.
    pub cause: Option<MessageId>,
    /// Who asked for it, if somebody did: `customer`, `admin`, `scheduler`; with their id for admins.
    pub actor: Option<String>,
    pub at: Timestamp,
}

/// From the first to the latest. None when there is no such order, or the viewer may not see it.
pub async fn order_events(pool: &PgPool, id: OrderId, viewer: Viewer) -> Result<Option<Vec<EventView>>, StoreError> {
    let events = order_events_after(pool, id, viewer, 0).await?;
    // Every order has its first entry from the moment that it is stored.
    Ok(if events.is_empty() { None } else { Some(events) })
}

/// What follows on the entry with this version. Nothing when nothing does, or the viewer may not see it.
pub async fn order_events_after(
    pool: &PgPool,
    id: OrderId,
    viewer: Viewer,
    version: i32,
) -> Result<Vec<EventView>, StoreError> {
    timeline::events_after(&mut *pool.acquire().await?, id, viewer, version, EVENTS_MAX).await
}
