//! Queries: shipments as clients see them. The caller checks access, by the shipment's order.

use crate::error::ShippingError;
use crate::shipment_key::ShipmentKey;
use crate::store;
use crate::views::ShipmentView;
use domain::ids::OrderId;
use sqlx::PgPool;

pub async fn find_shipment(pool: &PgPool, key: &ShipmentKey) -> Result<Option<ShipmentView>, ShippingError> {
    let mut connection = pool.acquire().await?;
    let Some(order) = store::find_order(&mut connection, key).await? else { return Ok(None) };
    let shipments = store::shipment_views(&mut connection, order).await?;
    let is_named = |view: &ShipmentView| key.names(view.shipment_id, view.tracking_number.as_ref());
    Ok(shipments.into_iter().find(is_named))
}

pub async fn list_shipments(pool: &PgPool, order: OrderId) -> Result<Vec<ShipmentView>, ShippingError> {
    store::shipment_views(&mut *pool.acquire().await?, order).await
}
