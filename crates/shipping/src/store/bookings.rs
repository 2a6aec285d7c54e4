//! Table `shipping.bookings`: one row per order, locked before its shipments.

use super::BOOKINGS;
use super::shipments::{StoredShipment, lock_shipments};
use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use domain::messages::{AmendShipment, ShipmentRequest};
use domain::product::Line;
use domain::shipment::{Booking, BookingStatus, Shipment};
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
    /// The name of the carrier that all its calls go to.
    pub carrier: String,
    /// Whether the carrier gets a recipient.
    pub has_recipient: bool,
    pub trace: Trace,
    /// Sorted by id.
    pub shipments: Vec<StoredShipment>,
}

impl StoredBooking {
    pub(crate) fn shipment(&self, id: ShipmentId) -> Option<&StoredShipment> {
        self.shipments.iter().find(|shipment| shipment.id == id)
    }

    /// The replacement of an amendment, if it was stored.
    pub(crate) fn replacement(&self, amend: &AmendShipment) -> Option<&StoredShipment> {
        self.shipment(amend.replacement.as_ref()?.shipment_id)
    }

    /// Its shipments that are not cancelled.
    pub(crate) fn live_shipments(&self) -> impl Iterator<Item = &StoredShipment> {
        self.shipments.iter().filter(|shipment| !matches!(shipment.shipment, Shipment::Cancelled(_)))
    }
}

/// A booking to insert if the order has none.
pub(crate) struct NewBooking<'a> {
    pub order_id: OrderId,
    pub status: BookingStatus,
    pub carrier: &'a str,
    pub trace: &'a Trace,
    pub has_recipient: bool,
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
    let (bookings, shipments) = (BookingColumns::of(new), ShipmentColumns::of(new));
    let inserted = sqlx::query_scalar!(
        "WITH opened AS (
             INSERT INTO shipping.bookings
                 (order_id, status, carrier, has_recipient, correlation_id, traceparent, created_at, updated_at)
             SELECT new.order_id, new.status, new.carrier, new.has_recipient, new.correlation_id, new.traceparent,
                    $1 AS created_at, $1 AS updated_at
               FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::text[]) AS status, unnest($4::text[]) AS carrier,
                            unnest($5::text[]) AS correlation_id, unnest($6::text[]) AS traceparent,
                            unnest($12::boolean[]) AS has_recipient) AS new
             ON CONFLICT (order_id) DO NOTHING
             RETURNING order_id),
         new_shipments AS (
             INSERT INTO shipping.shipments (order_id, id, warehouse_id, vendor_id, lines, status, created_at, updated_at)
             SELECT new.order_id, new.id, new.warehouse_id, new.vendor_id, new.lines, 'requested' AS status,
                    $1 AS created_at, $1 AS updated_at
               FROM (SELECT unnest($7::uuid[]) AS order_id, unnest($8::uuid[]) AS id,
                            unnest($9::uuid[]) AS warehouse_id, unnest($10::uuid[]) AS vendor_id,
                            unnest($11::jsonb[]) AS lines) AS new
               JOIN opened ON opened.order_id = new.order_id)
         SELECT order_id FROM opened",
        now,
        &bookings.order_id,
        &bookings.status as &[&str],
        &bookings.carrier as &[&str],
        &bookings.correlation_id as &[&str],
        &bookings.traceparent as &[Option<&str>],
        &shipments.order_id,
        &shipments.id,
        &shipments.warehouse_id,
        &shipments.vendor_id as &[Option<Uuid>],
        &shipments.lines as &[Json<&Vec<Line>>],
        &bookings.has_recipient,
    )
    .fetch_all(tx)
    .await?;
    Ok(inserted.into_iter().map(OrderId::from_uuid).collect())
}

/// New bookings, by column.
struct BookingColumns<'a> {
    order_id: Vec<Uuid>,
    status: Vec<&'static str>,
    carrier: Vec<&'a str>,
    correlation_id: Vec<&'a str>,
    traceparent: Vec<Option<&'a str>>,
    has_recipient: Vec<bool>,
}

impl<'a> BookingColumns<'a> {
    fn of(new: &[NewBooking<'a>]) -> Self {
        Self {
            order_id: new.iter().map(|booking| booking.order_id.as_uuid()).collect(),
            status: new.iter().map(|booking| booking.status.into()).collect(),
            carrier: new.iter().map(|booking| booking.carrier).collect(),
            correlation_id: new.iter().map(|booking| booking.trace.correlation_id.as_str()).collect(),
            traceparent: new.iter().map(|booking| booking.trace.traceparent.as_deref()).collect(),
            has_recipient: new.iter().map(|booking| booking.has_recipient).collect(),
        }
    }
}

/// The shipments of new bookings, by column.
struct ShipmentColumns<'a> {
    order_id: Vec<Uuid>,
    id: Vec<Uuid>,
    warehouse_id: Vec<Uuid>,
    vendor_id: Vec<Option<Uuid>>,
    lines: Vec<Json<&'a Vec<Line>>>,
}

impl<'a> ShipmentColumns<'a> {
    fn of(new: &[NewBooking<'a>]) -> Self {
        let requests = || new.iter().flat_map(|booking| booking.requests.iter());
        let orders = new.iter().flat_map(|booking| booking.requests.iter().map(|_| booking.order_id.as_uuid()));
        Self {
            order_id: orders.collect(),
            id: requests().map(|request| request.shipment_id.as_uuid()).collect(),
            warehouse_id: requests().map(|request| request.warehouse_id.as_uuid()).collect(),
            vendor_id: requests().map(|request| request.vendor_id.map(|vendor| vendor.as_uuid())).collect(),
            lines: requests().map(|request| Json(&request.lines)).collect(),
        }
    }
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
        "SELECT order_id, status, reason, carrier, has_recipient, amending_shipment_id, correlation_id, traceparent
         FROM shipping.bookings WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE",
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
    // A scheduler of the version before moves shipments by this column, and does not look at the booking.
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
        Booking::Requested | Booking::Booked | Booking::Cancelling | Booking::Cancelled | Booking::Amending { .. } => {
            None
        }
    }
}

struct BookingRow {
    order_id: Uuid,
    status: String,
    reason: Option<String>,
    carrier: String,
    has_recipient: bool,
    amending_shipment_id: Option<Uuid>,
    correlation_id: String,
    traceparent: Option<String>,
}

impl BookingRow {
    fn parse(self) -> Result<(OrderId, StoredBooking), ShippingError> {
        let stored = StoredRow::new(BOOKINGS, self.order_id);
        let status: BookingStatus = stored.read_column("status", self.status.parse())?;
        let booking = match (status, self.reason, self.amending_shipment_id) {
            (BookingStatus::Requested, None, None) => Booking::Requested,
            (BookingStatus::Booked, None, None) => Booking::Booked,
            (BookingStatus::Refused, Some(reason), None) => Booking::Refused { reason },
            (BookingStatus::Cancelling, None, None) => Booking::Cancelling,
            (BookingStatus::Cancelled, None, None) => Booking::Cancelled,
            (BookingStatus::Amending, None, Some(id)) => Booking::Amending { shipment: ShipmentId::from_uuid(id) },
            (status, ..) => {
                return Err(stored.inconsistent("reason", format!("it does not match the status {status}")).into());
            }
        };
        let trace = Trace { correlation_id: self.correlation_id, causation_id: None, traceparent: self.traceparent };
        let (carrier, has_recipient) = (self.carrier, self.has_recipient);
        let stored = StoredBooking { booking, carrier, has_recipient, trace, shipments: Vec::new() };
        Ok((OrderId::from_uuid(self.order_id), stored))
    }
}
