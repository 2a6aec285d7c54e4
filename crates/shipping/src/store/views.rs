//! Queries for the views of shipments that clients see.

use super::SHIPMENTS;
use crate::error::ShippingError;
use crate::views::{ShipmentEvent, ShipmentView};
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use domain::product::Line;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// All shipments of an order, sorted by id.
pub(crate) async fn shipment_views(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<ShipmentView>, ShippingError> {
    let rows = sqlx::query_as!(
        ViewRow,
        r#"SELECT order_id, id, warehouse_id, vendor_id, lines AS "lines: Json<Vec<Line>>", status, carrier, tracking_number,
                  promised_by, carrier_name, delayed_at, delay_level, exception, created_at, updated_at
           FROM shipping.shipments WHERE order_id = $1 ORDER BY id"#,
        order.as_uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    with_events(connection, rows).await
}

pub(super) async fn with_events(
    connection: &mut PgConnection,
    rows: Vec<ViewRow>,
) -> Result<Vec<ShipmentView>, ShippingError> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let events = sqlx::query_as!(
        EventRow,
        "SELECT shipment_id, status, occurred_at, recorded_at, source, note FROM shipping.shipment_events
         WHERE shipment_id = ANY($1) ORDER BY occurred_at, recorded_at",
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut by_shipment: HashMap<Uuid, Vec<ShipmentEvent>> = HashMap::new();
    for event in events {
        by_shipment.entry(event.shipment_id).or_default().push(event.parse()?);
    }
    rows.into_iter().map(|row| row.parse(&mut by_shipment)).collect()
}

pub(super) struct ViewRow {
    pub order_id: Uuid,
    pub id: Uuid,
    pub warehouse_id: Uuid,
    pub vendor_id: Option<Uuid>,
    pub lines: Json<Vec<Line>>,
    pub status: String,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub promised_by: Option<Timestamp>,
    pub carrier_name: Option<String>,
    pub delayed_at: Option<Timestamp>,
    pub delay_level: i16,
    pub exception: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

struct EventRow {
    shipment_id: Uuid,
    status: String,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    source: String,
    note: Option<String>,
}

impl ViewRow {
    fn parse(self, events: &mut HashMap<Uuid, Vec<ShipmentEvent>>) -> Result<ShipmentView, ShippingError> {
        let stored = StoredRow::new(SHIPMENTS, self.id);
        let tracking_number = self.tracking_number.map(|number| number.parse()).transpose();
        Ok(ShipmentView {
            shipment_id: ShipmentId::from_uuid(self.id),
            order_id: OrderId::from_uuid(self.order_id),
            warehouse_id: WarehouseId::from_uuid(self.warehouse_id),
            vendor_id: self.vendor_id.map(UserId::from_uuid),
            lines: self.lines.0,
            status: stored.read_column("status", self.status.parse())?,
            carrier: self.carrier,
            tracking_number: stored.read_column("tracking_number", tracking_number)?,
            promised_by: self.promised_by,
            carrier_name: self.carrier_name,
            delayed_at: self.delayed_at,
            delay_level: stored.read_column("delay_level", u16::try_from(self.delay_level))?,
            exception: stored.read_column("exception", self.exception.map(|text| text.parse()).transpose())?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            events: events.remove(&self.id).unwrap_or_default(),
        })
    }
}

impl EventRow {
    fn parse(self) -> Result<ShipmentEvent, ShippingError> {
        let stored = StoredRow::new("shipping.shipment_events", self.shipment_id);
        Ok(ShipmentEvent {
            status: stored.read_column("status", self.status.parse())?,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            source: self.source,
            note: self.note,
        })
    }
}
