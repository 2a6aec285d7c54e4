//! Table `shipping.shipment_events`: the milestones that carriers reported.

use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::shipment::Milestone;
use sqlx::PgConnection;

/// An event to insert.
pub(crate) struct NewEvent<'a> {
    pub shipment_id: ShipmentId,
    pub milestone: Milestone,
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
    let shipments: Vec<_> = events.iter().map(|event| event.shipment_id.as_uuid()).collect();
    let statuses: Vec<&str> = events.iter().map(|event| event.milestone.into()).collect();
    let times: Vec<_> = events.iter().map(|event| event.occurred_at).collect();
    let sources: Vec<_> = events.iter().map(|event| event.source).collect();
    let notes: Vec<_> = events.iter().map(|event| event.note).collect();
    let result = sqlx::query!(
        "INSERT INTO shipping.shipment_events (shipment_id, status, occurred_at, recorded_at, source, note)
         SELECT u.shipment_id, u.status, u.occurred_at, $6, u.source, u.note
         FROM UNNEST($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[])
              AS u (shipment_id, status, occurred_at, source, note)
         ON CONFLICT DO NOTHING",
        &shipments,
        &statuses as &[&str],
        &times,
        &sources as &[&str],
        &notes as &[Option<&str>],
        now,
    )
    .execute(tx)
    .await?;
    Ok(result.rows_affected())
}
