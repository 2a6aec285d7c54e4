//! Returns an order's timeline.

use crate::error::StoreError;
use crate::store::timeline;
use crate::viewer::Viewer;
use crate::views::EventView;
use domain::ids::OrderId;
use sqlx::PgPool;

/// The most entries per response, the first ones of an order. An order has a few dozen entries, or more when its saga
/// is stuck.
pub const EVENTS_MAX: u32 = 1_000;

/// The timeline from its first entry on. `None` when there is no such order, or the viewer may not see it.
pub async fn order_events(pool: &PgPool, id: OrderId, viewer: Viewer) -> Result<Option<Vec<EventView>>, StoreError> {
    let events = order_events_after(pool, id, viewer, 0).await?;
    // An order is stored with its first entry, so an existing order always has one.
    Ok(if events.is_empty() { None } else { Some(events) })
}

/// The entries after the one with this version. Empty when there are none, or the viewer may not see the order.
pub async fn order_events_after(
    pool: &PgPool,
    id: OrderId,
    viewer: Viewer,
    version: i32,
) -> Result<Vec<EventView>, StoreError> {
    timeline::events_after(&mut *platform::postgres::reader(pool).await?, id, viewer, version, EVENTS_MAX).await
}
