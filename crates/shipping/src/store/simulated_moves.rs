//! SQL of the simulated carrier's moves: shipments that are due for their next milestone.

use super::shipments::{ShipmentRow, StoredShipment};
use crate::error::ShippingError;
use domain::Timestamp;
use domain::product::Line;
use messaging::Trace;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A shipment that is due for its next milestone, with the trace of its messages.
pub(crate) struct DueShipment {
    pub stored: StoredShipment,
    pub trace: Trace,
}

/// Locks at most `limit` due shipments, the longest due first. Rows locked by other transactions are skipped.
pub(crate) async fn lock_due_shipments(
    tx: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueShipment>, ShippingError> {
    let rows = sqlx::query_as!(
        DueRow,
        r#"WITH due AS MATERIALIZED (
               SELECT order_id, id, warehouse_id, lines, status, carrier, tracking_number, promised_by, reached_at,
                      next_move_at
               FROM shipping.shipments WHERE next_move_at <= $1
               ORDER BY next_move_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
           SELECT due.order_id AS "order_id!", due.id AS "id!", due.warehouse_id AS "warehouse_id!",
                  due.lines AS "lines!: Json<Vec<Line>>", due.status AS "status!", due.carrier, due.tracking_number,
                  due.promised_by, due.reached_at, due.next_move_at, b.correlation_id, b.traceparent
           FROM due JOIN shipping.bookings AS b ON b.order_id = due.order_id
           WHERE b.order_id = ANY (ARRAY(SELECT order_id FROM due))"#,
        now,
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
    lines: Json<Vec<Line>>,
    status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    promised_by: Option<Timestamp>,
    reached_at: Option<Timestamp>,
    next_move_at: Option<Timestamp>,
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
            lines: self.lines,
            status: self.status,
            carrier: self.carrier,
            tracking_number: self.tracking_number,
            promised_by: self.promised_by,
            reached_at: self.reached_at,
            next_move_at: self.next_move_at,
        };
        Ok(DueShipment { stored: row.parse()?, trace })
    }
}
