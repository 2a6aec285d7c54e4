//! Queries: shipments as clients see them. The caller checks access, by the shipment's order.

use crate::error::ShippingError;
use crate::filter::{ShipmentCursor, ShipmentFilter};
use crate::shipment_key::ShipmentKey;
use crate::store;
use crate::views::ShipmentView;
use domain::ids::OrderId;
use domain::page::Page;
use sqlx::PgPool;

pub async fn find_shipment(pool: &PgPool, key: &ShipmentKey) -> Result<Option<ShipmentView>, ShippingError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let Some(order) = store::find_order(&mut connection, key).await? else { return Ok(None) };
    let shipments = store::shipment_views(&mut connection, order).await?;
    let is_named = |view: &ShipmentView| key.names(view.shipment_id, view.tracking_number.as_ref());
    Ok(shipments.into_iter().find(is_named))
}

/// All shipments of an order, sorted by id.
pub async fn shipments_of_order(pool: &PgPool, order: OrderId) -> Result<Vec<ShipmentView>, ShippingError> {
    store::shipment_views(&mut *platform::postgres::reader(pool).await?, order).await
}

/// A page of shipments, by vendor, then the oldest order first.
pub async fn list_shipments(
    pool: &PgPool,
    filter: &ShipmentFilter,
) -> Result<Page<ShipmentView, ShipmentCursor>, ShippingError> {
    let rows =
        store::list_shipments(&mut *platform::postgres::reader(pool).await?, filter, filter.limit.rows_max()).await?;
    Ok(filter.limit.cut(rows, ShipmentCursor::of))
}
