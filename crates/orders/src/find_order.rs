//! Returns one order with its lines and shipments.

use crate::error::StoreError;
use crate::store::order_pages as store;
use crate::store::timeline;
use crate::viewer::Viewer;
use crate::views::OrderView;
use domain::ids::OrderId;
use sqlx::PgPool;

/// `None` when there is no such order, or the viewer may not see it.
pub async fn find_order(pool: &PgPool, id: OrderId, viewer: Viewer) -> Result<Option<OrderView>, StoreError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let Some(found) = store::find(&mut connection, id, viewer).await? else {
        return Ok(None);
    };
    let lines = store::lines(&mut connection, &found.order, viewer).await?;
    // Only up to the version that was read, so that the response shows nothing newer than its version.
    let shipments = if found.sees_shipments {
        timeline::shipments(&mut connection, id, found.order.version).await?
    } else {
        Vec::new()
    };
    let store::FoundOrder { order, payment_method, note, .. } = found;
    Ok(Some(OrderView { order, payment_method, note, lines, shipments }))
}
