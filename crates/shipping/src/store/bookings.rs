use super::expect_rows;
use super::shipments::{StoredShipment, lock_shipments};
use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::shipment::{Booking, BookingStatus};
use messaging::Trace;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A booking and its shipments, as they stand.
#[derive(Debug, Clone)]
pub(crate) struct StoredBooking {
    pub booking: Booking,
    pub trace: Trace,
    /// In the order of their ids.
    pub shipments: Vec<StoredShipment>,
}

pub(crate) struct NewBooking<'a> {
    pub order_id: OrderId,
    pub status: BookingStatus,
    pub trace: &'a Trace,
}

pub(crate) struct ChangedBooking {
    pub order_id: OrderId,
    pub from: BookingStatus,
    pub to: Booking,
}

/// Opens what is not there yet, and says what that was. `wanted` is in the order of ids, so that two batches that
/// want the same can't wait for one another.
pub(crate) async fn open_bookings(
    tx: &mut PgConnection,
    wanted: &[NewBooking<'_>],
    now: Timestamp,
) -> Result<HashSet<OrderId>, ShippingError> {
    if wanted.is_empty() {
        return Ok(HashSet::new());
    }
    let orders: Vec<_> = wanted.iter().map(|booking| booking.order_id.as_uuid()).collect();
    let statuses: Vec<&str> = wanted.iter().map(|booking| booking.status.into()).collect();
    let correlations: Vec<_> = wanted.iter().map(|booking| booking.trace.correlation_id.as_str()).collect();
    let traceparents: Vec<_> = wanted.iter().map(|booking| booking.trace.traceparent.as_deref()).collect();
    let opened = sqlx::query_scalar!(
        "INSERT INTO shipping.bookings (order_id, status, correlation_id, traceparent, created_at, updated_at)
         SELECT u.order_id, u.status, u.correlation_id, u.traceparent, $5, $5
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[]) AS u (order_id, status, correlation_id, traceparent)
         ON CONFLICT (order_id) DO NOTHING
         RETURNING order_id",
        &orders,
        &statuses as &[&str],
        &correlations as &[&str],
        &traceparents as &[Option<&str>],
        now,
    )
    .fetch_all(tx)
    .await?;
    Ok(opened.into_iter().map(OrderId::from_uuid).collect())
}

/// Reads bookings with their shipments, and locks both until the transaction ends.
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

/// The semantic lock: from here until the carrier has answered, nothing of these orders moves.
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
    expect_rows("bookings", orders.len(), &result)?;
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

pub(crate) async fn save_bookings(
    tx: &mut PgConnection,
    changed: &[ChangedBooking],
    now: Timestamp,
) -> Result<(), ShippingError> {
    if changed.is_empty() {
        return Ok(());
    }
    let orders: Vec<_> = changed.iter().map(|change| change.order_id.as_uuid()).collect();
    let from: Vec<&str> = changed.iter().map(|change| change.from.into()).collect();
    let to: Vec<&str> = changed.iter().map(|change| change.to.status().into()).collect();
    let reasons: Vec<_> = changed.iter().map(|change| reason(&change.to)).collect();
    let result = sqlx::query!(
        "UPDATE shipping.bookings AS b SET status = u.to_status, reason = u.reason, updated_at = $5
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[]) AS u (order_id, from_status, to_status, reason)
         WHERE b.order_id = ANY($1) AND b.order_id = u.order_id AND b.status = u.from_status",
        &orders,
        &from as &[&str],
        &to as &[&str],
        &reasons as &[Option<&str>],
        now,
    )
    .execute(tx)
    .await?;
    expect_rows("bookings", changed.len(), &result)
}

fn reason(booking: &Booking) -> Option<&str> {
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
        let bad = |column| ShippingError::Inconsistent { table: "bookings", column, id: self.order_id };
        let status: BookingStatus = self.status.parse().map_err(|_unknown| bad("status"))?;
        let booking = match (status, self.reason) {
            (BookingStatus::Requested, None) => Booking::Requested,
            (BookingStatus::Booked, None) => Booking::Booked,
            (BookingStatus::Refused, Some(reason)) => Booking::Refused { reason },
            (BookingStatus::Cancelling, None) => Booking::Cancelling,
            (BookingStatus::Cancelled, None) => Booking::Cancelled,
            _ => return Err(bad("reason")),
        };
        let trace = Trace { correlation_id: self.correlation_id, causation_id: None, traceparent: self.traceparent };
        Ok((OrderId::from_uuid(self.order_id), StoredBooking { booking, trace, shipments: Vec::new() }))
    }
}
