//! SQL of timelines, and of what can be told from them.

use super::queries::push_visible;
use super::saga::{bad, read};
use crate::error::StoreError;
use crate::find_order::ShipmentView;
use crate::order_events::EventView;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId};
use domain::messages::BookedShipment;
use domain::shipment::ShipmentStatus;
use serde::Deserialize;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

#[derive(FromRow)]
struct EventRow {
    version: i32,
    kind: String,
    from_status: Option<String>,
    to_status: String,
    detail: Option<serde_json::Value>,
    cause: Option<Uuid>,
    actor: Option<String>,
    at: Timestamp,
}

/// The timeline from behind `version` on; nothing when the viewer may not see the order.
pub(crate) async fn events_after(
    connection: &mut PgConnection,
    id: OrderId,
    viewer: Viewer,
    version: i32,
    limit: u32,
) -> Result<Vec<EventView>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT e.version, e.kind, e.from_status, e.to_status, e.detail, e.cause, e.actor, e.at
           FROM orders.orders o JOIN orders.events e ON e.order_id = o.id
          WHERE ",
    );
    push_visible(&mut query, viewer);
    query.push(" AND o.id = ").push_bind(id.as_uuid());
    query.push(" AND e.version > ").push_bind(version);
    query.push(" ORDER BY e.version LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<EventRow> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(|row| event(row, id, viewer)).collect()
}

/// The version of each of these orders that there is.
pub(crate) async fn versions(connection: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<Vec<(OrderId, i32)>> {
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let query = sqlx::query!("SELECT id, version FROM orders.orders WHERE id = ANY($1)", &ids);
    let rows = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (OrderId::from_uuid(row.id), row.version)).collect())
}

/// The shipments as the timeline tells of them up to `version`.
pub(crate) async fn shipments(
    connection: &mut PgConnection,
    order: OrderId,
    version: i32,
) -> Result<Vec<ShipmentView>, StoreError> {
    let rows = sqlx::query!(
        "SELECT kind, detail FROM orders.events
          WHERE order_id = $1 AND version <= $2
            AND kind IN ('confirmed', 'shipments_cancelled', 'shipment_handed_over', 'shipment_delivered')
          ORDER BY version",
        order.as_uuid(),
        version,
    )
    .fetch_all(connection)
    .await?;
    let mut shipments = Vec::new();
    for row in rows {
        let detail = row.detail.unwrap_or_default();
        let told = tell(&mut shipments, &row.kind, detail);
        told.map_err(|problem| bad("events", "detail", order.as_uuid(), &problem))?;
    }
    Ok(shipments)
}

fn event(row: EventRow, order: OrderId, viewer: Viewer) -> Result<EventView, StoreError> {
    let id = order.as_uuid();
    let from = row.from_status.map(|from| read("events", "from_status", id, &from)).transpose()?;
    Ok(EventView {
        version: row.version,
        from,
        to: read("events", "to_status", id, &row.to_status)?,
        detail: row.detail.filter(|_| may_see_detail(viewer, &row.kind)),
        cause: row.cause.map(MessageId::from_uuid),
        actor: row.actor.map(|actor| if viewer.is_admin() { actor } else { kind_of(&actor) }),
        kind: row.kind,
        at: row.at,
    })
}

/// Vendors may not know of others' goods; what operators say to one another is for them alone.
fn may_see_detail(viewer: Viewer, kind: &str) -> bool {
    let among_operators = ["attention_raised", "step_retried", "step_marked_done", "saga_abandoned"].contains(&kind);
    viewer.is_admin() || (viewer.vendor().is_none() && !among_operators)
}

/// `admin:<id>` without the id.
fn kind_of(actor: &str) -> String {
    actor.split(':').next().unwrap_or_default().to_owned()
}

#[derive(Deserialize)]
struct ConfirmedDetail {
    shipments: Vec<BookedShipment>,
}

#[derive(Deserialize)]
struct ShipmentDetail {
    shipment_id: ShipmentId,
}

/// Moves the shipments on as one entry of the timeline tells.
fn tell(shipments: &mut Vec<ShipmentView>, kind: &str, detail: serde_json::Value) -> serde_json::Result<()> {
    match kind {
        "confirmed" => {
            let booked: ConfirmedDetail = serde_json::from_value(detail)?;
            *shipments = booked.shipments.into_iter().map(ShipmentView::from).collect();
        }
        "shipments_cancelled" => {
            for shipment in shipments.iter_mut() {
                shipment.status = ShipmentStatus::Cancelled;
            }
        }
        moved => {
            let told: ShipmentDetail = serde_json::from_value(detail)?;
            let now =
                if moved == "shipment_delivered" { ShipmentStatus::Delivered } else { ShipmentStatus::HandedOver };
            for shipment in shipments.iter_mut().filter(|shipment| shipment.shipment_id == told.shipment_id) {
                shipment.status = shipment.status.max(now);
            }
        }
    }
    Ok(())
}

impl From<BookedShipment> for ShipmentView {
    fn from(booked: BookedShipment) -> Self {
        Self {
            shipment_id: booked.shipment_id,
            warehouse_id: booked.warehouse_id,
            carrier: booked.carrier,
            tracking_number: booked.tracking_number,
            promised_by: booked.promised_by,
            status: ShipmentStatus::Booked,
        }
    }
}
