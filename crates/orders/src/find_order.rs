//! Returns one order with its lines and shipments.

use crate::error::StoreError;
use crate::store::order_pages as store;
use crate::store::{recipients, reships, timeline};
use crate::viewer::Viewer;
use crate::views::OrderView;
use domain::ids::OrderId;
use domain::order::Recipient;
use sqlx::{PgConnection, PgPool};

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
    let reship_of = reships::original_of(&mut connection, id).await?;
    let recipient = visible_recipient(&mut connection, &found, viewer).await?;
    let store::FoundOrder { order, payment_method, note, metadata, shipping_minor, exchange_of, .. } = found;
    Ok(Some(OrderView {
        order,
        payment_method,
        note,
        lines,
        recipient,
        metadata,
        shipping_minor,
        reship_of,
        exchange_of,
        shipments,
    }))
}

/// A vendor sees where the goods go, but not how to reach the customer.
async fn visible_recipient(
    connection: &mut PgConnection,
    found: &store::FoundOrder,
    viewer: Viewer,
) -> Result<Recipient, StoreError> {
    if !found.has_recipient {
        return Ok(Recipient::default());
    }
    let recipient = recipients::find(connection, &[found.order.id]).await?.remove(&found.order.id).unwrap_or_default();
    let is_vendor = viewer.of_order_by(found.order.customer_id).vendor().is_some();
    Ok(if is_vendor { Recipient { contact: None, ..recipient } } else { recipient })
}
