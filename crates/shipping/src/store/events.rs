//! Table `shipping.shipment_events`: what carriers reported.

use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use domain::shipment::CarrierReport;
use platform::consistency::StoredRow;
use sqlx::PgConnection;

/// An event to insert.
pub(crate) struct NewEvent<'a> {
    pub shipment_id: ShipmentId,
    pub status: CarrierReport,
    pub occurred_at: Timestamp,
    pub source: &'a str,
    pub note: Option<&'a str>,
}

/// Inserts the events that are not stored yet, and returns their number.
pub(crate) async fn insert_events(
    tx: &mut PgConnection,
    events: &[NewEvent<'_>],
    now: Timestamp,
) -> Result<u64, ShippingError> {
    let shipment_id: Vec<_> = events.iter().map(|event| event.shipment_id.as_uuid()).collect();
    let status: Vec<&str> = events.iter().map(|event| event.status.into()).collect();
    let occurred_at: Vec<_> = events.iter().map(|event| event.occurred_at).collect();
    let source: Vec<_> = events.iter().map(|event| event.source).collect();
    let note: Vec<_> = events.iter().map(|event| event.note).collect();
    let result = sqlx::query!(
        "INSERT INTO shipping.shipment_events (shipment_id, status, occurred_at, recorded_at, source, note)
         SELECT new.shipment_id, new.status, new.occurred_at, $1 AS recorded_at, new.source, new.note
           FROM (SELECT unnest($2::uuid[]) AS shipment_id, unnest($3::text[]) AS status,
                        unnest($4::timestamptz[]) AS occurred_at, unnest($5::text[]) AS source,
                        unnest($6::text[]) AS note) AS new
         ON CONFLICT DO NOTHING",
        now,
        &shipment_id,
        &status as &[&str],
        &occurred_at,
        &source as &[&str],
        &note as &[Option<&str>],
    )
    .execute(tx)
    .await?;
    Ok(result.rows_affected())
}

/// A stored event.
pub(crate) struct StoredEvent {
    pub shipment_id: ShipmentId,
    pub report: CarrierReport,
    pub occurred_at: Timestamp,
}

/// The events of these shipments, in the sequence in which they happened.
pub(crate) async fn find_events(
    tx: &mut PgConnection,
    shipments: &[ShipmentId],
) -> Result<Vec<StoredEvent>, ShippingError> {
    let ids: Vec<_> = shipments.iter().map(ShipmentId::as_uuid).collect();
    let rows = sqlx::query!(
        "SELECT shipment_id, status, occurred_at FROM shipping.shipment_events
          WHERE shipment_id = ANY($1) ORDER BY occurred_at, recorded_at",
        &ids,
    )
    .fetch_all(tx)
    .await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let stored = StoredRow::new("shipping.shipment_events", row.shipment_id);
        let report = stored.read_column("status", row.status.parse())?;
        let shipment_id = ShipmentId::from_uuid(row.shipment_id);
        events.push(StoredEvent { shipment_id, report, occurred_at: row.occurred_at });
    }
    Ok(events)
}

/// Deletes the notes of the events of these orders' shipments. Returns the shipments, each with its tracking number.
pub(crate) async fn erase_notes(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> sqlx::Result<Vec<(ShipmentId, Option<String>)>> {
    let order_id: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query!("SELECT id, tracking_number FROM shipping.shipments WHERE order_id = ANY($1)", &order_id)
        .fetch_all(&mut *tx)
        .await?;
    let shipment_id: Vec<_> = rows.iter().map(|row| row.id).collect();
    sqlx::query!(
        "UPDATE shipping.shipment_events SET note = NULL WHERE shipment_id = ANY($1) AND note IS NOT NULL",
        &shipment_id,
    )
    .execute(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (ShipmentId::from_uuid(row.id), row.tracking_number)).collect())
}
