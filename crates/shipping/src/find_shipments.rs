//! Queries: shipments as clients see them. The caller checks access, by the shipment's order.

use crate::error::ShippingError;
use crate::store;
use crate::views::ShipmentView;
use domain::ids::OrderId;
use domain::shipment::TrackingNumber;
use sqlx::PgPool;

pub async fn find_shipment(pool: &PgPool, number: &TrackingNumber) -> Result<Option<ShipmentView>, ShippingError> {
    store::tracked_shipment_view(&mut *platform::postgres::reader(pool).await?, number).await
}

pub async fn list_shipments(pool: &PgPool, order: OrderId) -> Result<Vec<ShipmentView>, ShippingError> {
    store::shipment_views(&mut *platform::postgres::reader(pool).await?, order).await
}
