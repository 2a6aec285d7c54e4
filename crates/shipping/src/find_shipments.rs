//! What clients see of shipments. Who may see it is the doors' to say: a shipment is its order's.

use crate::error::ShippingError;
use crate::store;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::product::Line;
use domain::shipment::{Milestone, ShipmentStatus, TrackingNumber};
use sqlx::PgPool;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentView {
    pub shipment_id: ShipmentId,
    pub order_id: OrderId,
    pub warehouse_id: WarehouseId,
    pub lines: Vec<Line>,
    pub status: ShipmentStatus,
    /// These three are known once a carrier has booked it.
    pub carrier: Option<String>,
    pub tracking_number: Option<TrackingNumber>,
    pub promised_by: Option<Timestamp>,
    /// When it was first found to be later than promised.
    pub delayed_at: Option<Timestamp>,
    /// How late it was found to be, counted from one; 0 while it is in time.
    pub delay_level: u16,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What carriers reported, by the time at which it happened.
    pub events: Vec<ShipmentEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentEvent {
    pub status: Milestone,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub source: String,
    pub note: Option<String>,
}

pub async fn find_shipment(pool: &PgPool, number: &TrackingNumber) -> Result<Option<ShipmentView>, ShippingError> {
    store::tracked_shipment_view(&mut *pool.acquire().await?, number).await
}

pub async fn list_shipments(pool: &PgPool, order: OrderId) -> Result<Vec<ShipmentView>, ShippingError> {
    store::shipment_views(&mut *pool.acquire().await?, order).await
}
