//! SQL of timelines, and of the shipments that are derived from them.

use super::order_filters::push_visible;
use crate::error::StoreError;
use crate::viewer::Viewer;
use crate::views::{EventView, ShipmentView};
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, UserId};
use domain::messages::BookedShipment;
use domain::order::{DetailVisibility, EntryKind, StoredReason};
use domain::shipment::{ShipmentStatus, Transport};
use platform::consistency::StoredRow;
use serde::Deserialize;
use serde_json::json;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

const EVENTS: &str = "orders.events";

#[derive(FromRow)]
struct EventRow {
    customer_id: Uuid,
    version: i32,
    kind: String,
    from_status: Option<String>,
    to_status: String,
    detail: Option<serde_json::Value>,
    cause: Option<Uuid>,
    actor: Option<String>,
    at: Timestamp,
}

/// The timeline after `version`; empty when the viewer may not see the order.
pub(crate) async fn events_after(
    connection: &mut PgConnection,
    id: OrderId,
    viewer: Viewer,
    version: i32,
    limit: u32,
) -> Result<Vec<EventView>, StoreError> {
    let mut query = QueryBuilder::new(
        "SELECT o.customer_id, e.version, e.kind, e.from_status, e.to_status, e.detail, e.cause, e.actor, e.at
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

/// The versions of the orders that exist.
pub(crate) async fn versions(connection: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<Vec<(OrderId, i32)>> {
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let query = sqlx::query!("SELECT id, version FROM orders.orders WHERE id = ANY($1)", &ids);
    let rows = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (OrderId::from_uuid(row.id), row.version)).collect())
}

/// The shipments, derived from the timeline up to `version`.
pub(crate) async fn shipments(
    connection: &mut PgConnection,
    order: OrderId,
    version: i32,
) -> Result<Vec<ShipmentView>, StoreError> {
    let rows = sqlx::query!(
        "SELECT kind, detail FROM orders.events
          WHERE order_id = $1 AND version <= $2
            AND kind IN ('confirmed', 'shipments_cancelled', 'lines_cancelled', 'shipment_handed_over',
                         'shipment_in_transit', 'shipment_delivered')
          ORDER BY version",
        order.as_uuid(),
        version,
    )
    .fetch_all(connection)
    .await?;
    let mut shipments = Vec::new();
    for row in rows {
        let detail = row.detail.unwrap_or_default();
        let applied = apply_event(&mut shipments, &row.kind, detail);
        StoredRow::new(EVENTS, order).read_column("detail", applied)?;
    }
    Ok(shipments)
}

fn event(row: EventRow, order: OrderId, viewer: Viewer) -> Result<EventView, StoreError> {
    let stored = StoredRow::new(EVENTS, order);
    let viewer = viewer.of_order_by(UserId::from_uuid(row.customer_id));
    let from = row.from_status.map(|from| stored.read_column("from_status", from.parse())).transpose()?;
    Ok(EventView {
        version: row.version,
        from,
        to: stored.read_column("to_status", row.to_status.parse())?,
        detail: row.detail.and_then(|detail| visible_detail(viewer, &row.kind, row.actor.as_deref(), detail)),
        cause: row.cause.map(MessageId::from_uuid),
        actor: row.actor.map(|actor| if viewer.is_admin() { actor } else { kind_of(&actor) }),
        kind: row.kind,
        at: row.at,
    })
}

/// The part of an entry's detail that the viewer may see. A kind that this version does not know is only for admins.
fn visible_detail(
    viewer: Viewer,
    kind: &str,
    actor: Option<&str>,
    detail: serde_json::Value,
) -> Option<serde_json::Value> {
    let visibility = kind.parse().map_or(DetailVisibility::Admins, EntryKind::detail_visibility);
    let is_author = actor.is_some_and(|actor| is_of(actor, viewer.id()));
    match visibility {
        DetailVisibility::CustomerButNote => {
            let detail = if viewer.is_admin() || is_author { detail } else { without_note(detail) };
            Some(detail).filter(|_| viewer.vendor().is_none())
        }
        DetailVisibility::EveryoneButNote => Some(cancellation(&detail, viewer.is_admin() || is_author)),
        DetailVisibility::Customer => Some(detail).filter(|_| viewer.vendor().is_none()),
        DetailVisibility::Admins => Some(detail).filter(|_| viewer.is_admin()),
    }
}

/// The reason of a cancellation, with its note if the viewer may see that. Older versions stored free text as the
/// reason: a stored reason that is not of the closed set counts as a note.
fn cancellation(detail: &serde_json::Value, sees_note: bool) -> serde_json::Value {
    let text = |name: &str| detail[name].as_str().map(str::to_owned);
    let StoredReason { reason, note } = text("reason").unwrap_or_default().into();
    match text("note").or(note).filter(|_| sees_note) {
        Some(note) => json!({ "reason": reason, "note": note }),
        None => json!({ "reason": reason }),
    }
}

fn without_note(mut detail: serde_json::Value) -> serde_json::Value {
    if let Some(members) = detail.as_object_mut() {
        members.remove("note");
    }
    detail
}

/// Whether `actor` (`admin:<id>`) is `user`.
fn is_of(actor: &str, user: UserId) -> bool {
    actor.split_once(':').is_some_and(|(_, id)| id == user.to_string())
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
    transport: Option<Transport>,
}

#[derive(Deserialize)]
struct AmendedDetail {
    shipment_id: ShipmentId,
    replaced_by: Option<BookedShipment>,
}

/// Applies one timeline entry to the shipments.
fn apply_event(shipments: &mut Vec<ShipmentView>, kind: &str, detail: serde_json::Value) -> serde_json::Result<()> {
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
        "lines_cancelled" => {
            let AmendedDetail { shipment_id, replaced_by } = serde_json::from_value(detail)?;
            for shipment in shipments.iter_mut().filter(|shipment| shipment.shipment_id == shipment_id) {
                shipment.status = ShipmentStatus::Cancelled;
            }
            shipments.extend(replaced_by.map(ShipmentView::from));
        }
        milestone => {
            let detail: ShipmentDetail = serde_json::from_value(detail)?;
            let status = match milestone {
                "shipment_delivered" => ShipmentStatus::Delivered,
                "shipment_in_transit" => ShipmentStatus::InTransit,
                _ => ShipmentStatus::HandedOver,
            };
            for shipment in shipments.iter_mut().filter(|shipment| shipment.shipment_id == detail.shipment_id) {
                shipment.status = shipment.status.max(status);
                if let Some(Transport { carrier, tracking_number }) = detail.transport.clone() {
                    (shipment.carrier, shipment.tracking_number) = (carrier, tracking_number);
                }
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
