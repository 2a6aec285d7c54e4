//! SQL of the simulated carrier: its shipments that are due for their next milestone.

use super::settings::TransitTimes;
use crate::error::ShippingError;
use crate::store::{ShipmentRow, StoredShipment};
use domain::Timestamp;
use domain::product::Line;
use domain::shipment::{Milestone, ShipmentStatus};
use messaging::Trace;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// The statuses of shipments that are under way, with the milestone that follows each.
const NEXT_MILESTONES: [(ShipmentStatus, Milestone); 3] = [
    (ShipmentStatus::Booked, Milestone::HandedOver),
    (ShipmentStatus::HandedOver, Milestone::InTransit),
    (ShipmentStatus::InTransit, Milestone::Delivered),
];

/// A shipment that is due for its next milestone, with the trace of its messages.
pub(super) struct DueShipment {
    pub stored: StoredShipment,
    pub trace: Trace,
}

/// Locks at most `limit` due shipments. Rows locked by other transactions are skipped.
///
/// A booking that is being cancelled is not moved. Its row is locked too: a cancellation that has committed since this
/// statement began is noticed by the lock, and one that begins later waits.
pub(super) async fn lock_due_shipments(
    tx: &mut PgConnection,
    transit_times: &TransitTimes,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueShipment>, ShippingError> {
    let status: Vec<&str> = NEXT_MILESTONES.iter().map(|(status, _)| (*status).into()).collect();
    let reached_by: Vec<_> = NEXT_MILESTONES.iter().map(|(_, next)| now - transit_times.before(*next)).collect();
    let rows = sqlx::query_as!(
        DueRow,
        r#"WITH due AS MATERIALIZED (
               SELECT shipment.order_id, shipment.id, shipment.warehouse_id, shipment.vendor_id, shipment.lines,
                      shipment.status, shipment.carrier, shipment.tracking_number, shipment.promised_by, shipment.reached_at
               FROM (SELECT unnest($1::text[]) AS status, unnest($2::timestamptz[]) AS reached_by) AS waiting
               CROSS JOIN LATERAL (
                   SELECT order_id, id, warehouse_id, vendor_id, lines, status, carrier, tracking_number, promised_by,
                          reached_at
                   FROM shipping.shipments
                   WHERE carrier = 'simulated' AND status IN ('booked', 'handed_over', 'in_transit')
                     AND status = waiting.status AND exception IS NULL AND coalesce(reached_at, created_at) <= waiting.reached_by
                   ORDER BY coalesce(reached_at, created_at) LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) AS shipment
               LIMIT $3)
           SELECT due.order_id AS "order_id!", due.id AS "id!", due.warehouse_id AS "warehouse_id!",
                  due.vendor_id, due.lines AS "lines!: Json<Vec<Line>>", due.status AS "status!", due.carrier, due.tracking_number,
                  due.promised_by, due.reached_at, booking.correlation_id, booking.traceparent
           FROM due
           CROSS JOIN LATERAL (
               SELECT correlation_id, traceparent FROM shipping.bookings
               WHERE order_id = due.order_id AND status = 'booked' FOR NO KEY UPDATE SKIP LOCKED) AS booking"#,
        &status as &[&str],
        &reached_by,
        i64::from(limit),
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(DueRow::parse).collect()
}

struct DueRow {
    order_id: Uuid,
    id: Uuid,
    warehouse_id: Uuid,
    vendor_id: Option<Uuid>,
    lines: Json<Vec<Line>>,
    status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    promised_by: Option<Timestamp>,
    reached_at: Option<Timestamp>,
    correlation_id: String,
    traceparent: Option<String>,
}

impl DueRow {
    fn parse(self) -> Result<DueShipment, ShippingError> {
        let trace = Trace { correlation_id: self.correlation_id, causation_id: None, traceparent: self.traceparent };
        let row = ShipmentRow {
            order_id: self.order_id,
            id: self.id,
            warehouse_id: self.warehouse_id,
            vendor_id: self.vendor_id,
            lines: self.lines,
            status: self.status,
            carrier: self.carrier,
            tracking_number: self.tracking_number,
            promised_by: self.promised_by,
            carrier_name: None,
            reached_at: self.reached_at,
            exception: None,
        };
        Ok(DueShipment { stored: row.parse()?, trace })
    }
}
