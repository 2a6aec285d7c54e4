//! Returns one order with its lines and shipments.

use crate::error::StoreError;
use crate::list_orders::OrderSummary;
use crate::store::order_pages as store;
use crate::store::timeline;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use domain::money::Money;
use domain::product::{Quantity, Sku};
use domain::shipment::ShipmentStatus;
use serde::Serialize;
use sqlx::PgPool;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderView {
    #[serde(flatten)]
    pub order: OrderSummary,
    pub payment_method: String,
    pub note: Option<String>,
    pub lines: Vec<LineView>,
    /// Empty until the order is confirmed. A vendor sees them only if all lines are theirs.
    pub shipments: Vec<ShipmentView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineView {
    pub line_no: i16,
    pub sku: Sku,
    pub name: String,
    pub vendor_id: UserId,
    pub quantity: Quantity,
    pub unit_price: Money,
    pub line_total: Money,
}

/// A shipment as the order's timeline records it; `shipping` has more detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShipmentView {
    pub shipment_id: ShipmentId,
    pub warehouse_id: WarehouseId,
    pub carrier: String,
    pub tracking_number: String,
    pub promised_by: Timestamp,
    pub status: ShipmentStatus,
}

/// `None` when there is no such order, or the viewer may not see it.
pub async fn find_order(pool: &PgPool, id: OrderId, viewer: Viewer) -> Result<Option<OrderView>, StoreError> {
    let mut connection = pool.acquire().await?;
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
