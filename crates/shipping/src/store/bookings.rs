//! Table `shipping.bookings`: one row per order, locked before its shipments.

use super::BOOKINGS;
use super::shipments::{StoredShipment, lock_shipments};
use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::ShipmentRequest;
use domain::product::Line;
use domain::shipment::{Booking, BookingStatus};
use messaging::Trace;
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A booking with its shipments, as stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredBooking {
    pub booking: Booking,
    pub trace: Trace,
    /// Sorted by id.
    pub shipments: Vec<StoredShipment>,
}

/// A booking to insert if the order has none.
pub(crate) struct NewBooking<'a> {
    pub order_id: OrderId,
    pub status: BookingStatus,
    pub trace: &'a Trace,
    pub requests: &'a [ShipmentRequest],
}

/// A booking's new state, and the status that the row must still have.
#[derive(Debug)]
pub(crate) struct ChangedBooking {
    pub order_id: OrderId,
    pub from: BookingStatus,
    pub to: Booking,
}

/// Inserts those of `new` that don't exist yet, with their shipments, and returns their orders. `new` must be sorted by
/// order id, so that two batches with the same orders can't deadlock.
pub(crate) async fn insert_bookings(
    tx: &mut PgConnection,
    new: &[NewBooking<'_>],
    now: Timestamp,
) -> Result<HashSet<OrderId>, ShippingError> {
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let orders: Vec<_> = new.iter().map(|booking| booking.order_id.as_uuid()).collect();
    let statuses: Vec<&str> = new.iter().map(|booking| booking.status.into()).collect();
    let correlations: Vec<_> = new.iter().map(|booking| booking.trace.correlation_id.as_str()).collect();
    let traceparents: Vec<_> = new.iter().map(|booking| booking.trace.traceparent.as_deref()).collect();
    let requests = || new.iter().flat_map(|booking| booking.requests.iter().map(|request| (booking.order_id, request)));
    let shipment_orders: Vec<_> = requests().map(|(order_id, _)| order_id.as_uuid()).collect();
    let ids: Vec<_> = requests().map(|(_, request)| request.shipment_id.as_uuid()).collect();
    let warehouses: Vec<_> = requests().map(|(_, request)| request.warehouse_id.as_uuid()).collect();
    let lines: Vec<_> = requests().map(|(_, request)| Json(&request.lines)).collect();
    let inserted = sqlx::query_scalar!(
        "WITH opened AS (
             INSERT INTO shipping.bookings (order_id, status, correlation_id, traceparent, created_at, updated_at)
             SELECT u.order_id, u.status, u.correlation_id, u.traceparent, $5, $5
               FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[])
                    AS u (order_id, status, correlation_id, traceparent)
             ON CONFLICT (order_id) DO NOTHING
             RETURNING order_id),
         new_shipments AS (
             INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, created_at, updated_at)
             SELECT u.order_id, u.id, u.warehouse_id, u.lines, 'requested', $5, $5
               FROM UNNEST($6::uuid[], $7::uuid[], $8::uuid[], $9::jsonb[]) AS u (order_id, id, warehouse_id, lines)
               JOIN opened ON opened.order_id = u.order_id)
         SELECT order_id FROM opened",
        &orders,
        &statuses as &[&str],
        &correlations as &[&str],
        &traceparents as &[Option<&str>],
        now,
        &shipment_orders,
        &ids,
        &warehouses,
        &lines as &[Json<&Vec<Line>>],
    )
    .fetch_all(tx)
    .await?;
    Ok(inserted.into_iter().map(OrderId::from_uuid).collect())
}

/// Reads bookings with their shipments. Both are locked until the transaction ends.
pub(crate) async fn lock_bookings(
    tx: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, StoredBooking>, ShippingError> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        BookingRow,
        "SELECT order_id, status, reason, correlation_id, traceparent FROM shipping.bookings
         WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE",
        &ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut bookings = rows.into_iter().map(BookingRow::parse).collect::<Result<HashMap<_, _>, _>>()?;
    for shipment in lock_shipments(tx, &ids).await? {
        if let Some(stored) = bookings.get_mut(&shipment.order_id) {
            stored.shipments.push(shipment);
        }
    }
    Ok(bookings)
}

/// Sets the semantic lock `cancelling`: the shipments of these orders don't advance until the carrier's result is
/// settled.
pub(crate) async fn start_cancelling(
    tx: &mut PgConnection,
    orders: &[OrderId],
    now: Timestamp,
) -> Result<(), ShippingError> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let result = sqlx::query!(
        "UPDATE shipping.bookings SET status = 'cancelling', updated_at = $2
         WHERE order_id = ANY($1) AND status IN ('requested', 'booked')",
        &ids,
        now,
    )
    .execute(&mut *tx)
    .await?;
    ensure_rows(BOOKINGS, orders.len(), result.rows_affected())?;
    sqlx::query!(
        "UPDATE shipping.shipments SET next_move_at = NULL, updated_at = $2
         WHERE order_id = ANY($1) AND next_move_at IS NOT NULL",
        &ids,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) fn reason(booking: &Booking) -> Option<&str> {
    match booking {
        Booking::Refused { reason } => Some(reason),
        Booking::Requested | Booking::Booked | Booking::Cancelling | Booking::Cancelled => None,
    }
}

struct BookingRow {
    order_id: Uuid,
    status: String,
    reason: Option<String>,
    correlation_id: String,
    traceparent: Option<String>,
}

impl BookingRow {
    fn parse(self) -> Result<(OrderId, StoredBooking), ShippingError> {
        let stored = StoredRow::new(BOOKINGS, self.order_id);
        let status: BookingStatus = stored.read_column("status", self.status.parse())?;
        let booking = match (status, self.reason) {
            (BookingStatus::Requested, None) => Booking::Requested,
            (BookingStatus::Booked, None) => Booking::Booked,
            (BookingStatus::Refused, Some(reason)) => Booking::Refused { reason },
            (BookingStatus::Cancelling, None) => Booking::Cancelling,
            (BookingStatus::Cancelled, None) => Booking::Cancelled,
            (status, _) => {
                return Err(stored.inconsistent("reason", format!("it does not match the status {status}")).into());
            }
        };
        let trace = Trace { correlation_id: self.correlation_id, causation_id: None, traceparent: self.traceparent };
        Ok((OrderId::from_uuid(self.order_id), StoredBooking { booking, trace, shipments: Vec::new() }))
    }
}
