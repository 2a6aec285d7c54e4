//! Saves the changed bookings and shipments of a batch in one statement.

use super::bookings::{ChangedBooking, reason};
use super::shipments::{ChangedShipment, reached_at};
use super::{BOOKINGS, SHIPMENTS};
use crate::error::ShippingError;
use domain::Timestamp;
use domain::shipment::{CarrierName, Waybill};
use platform::consistency::ensure_rows;
use sqlx::PgConnection;
use uuid::Uuid;

/// Updates bookings and shipments that this transaction has locked. Fails if a row does not have the status that was
/// read.
pub(crate) async fn save_changes(
    tx: &mut PgConnection,
    bookings: &[ChangedBooking],
    shipments: &[ChangedShipment],
    now: Timestamp,
) -> Result<(), ShippingError> {
    if bookings.is_empty() && shipments.is_empty() {
        return Ok(());
    }
    let (booking, shipment) = (BookingColumns::of(bookings), ShipmentColumns::of(shipments));
    // The version before set `next_move_at`; the constraint of the column refuses it for shipments that have ended.
    let saved = sqlx::query!(
        r#"WITH saved_bookings AS (
             UPDATE shipping.bookings AS stored
                SET status = new.status, reason = new.reason, amending_shipment_id = NULL, updated_at = $1
               FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::text[]) AS status_before,
                            unnest($4::text[]) AS status, unnest($5::text[]) AS reason) AS new
              WHERE stored.order_id = ANY($2) AND stored.order_id = new.order_id AND stored.status = new.status_before
             RETURNING 1),
         saved_shipments AS (
             UPDATE shipping.shipments AS stored
                SET status = new.status, carrier = new.carrier, tracking_number = new.tracking_number,
                    promised_by = new.promised_by, carrier_name = new.carrier_name, reached_at = new.reached_at,
                    exception = new.exception, next_move_at = NULL, updated_at = $1
               FROM (SELECT unnest($6::uuid[]) AS order_id, unnest($7::uuid[]) AS id,
                            unnest($8::text[]) AS status_before, unnest($9::text[]) AS status,
                            unnest($10::text[]) AS carrier, unnest($11::text[]) AS tracking_number,
                            unnest($12::timestamptz[]) AS promised_by, unnest($13::text[]) AS carrier_name,
                            unnest($14::timestamptz[]) AS reached_at, unnest($15::text[]) AS exception) AS new
              WHERE stored.order_id = ANY($6) AND stored.order_id = new.order_id AND stored.id = new.id
                AND stored.status = new.status_before
             RETURNING 1)
         SELECT (SELECT count(*) FROM saved_bookings) AS "bookings!",
                (SELECT count(*) FROM saved_shipments) AS "shipments!""#,
        now,
        &booking.order_id,
        &booking.status_before as &[&str],
        &booking.status as &[&str],
        &booking.reason as &[Option<&str>],
        &shipment.order_id,
        &shipment.id,
        &shipment.status_before as &[&str],
        &shipment.status as &[&str],
        &shipment.carrier as &[Option<&str>],
        &shipment.tracking_number as &[Option<&str>],
        &shipment.promised_by as &[Option<Timestamp>],
        &shipment.carrier_name as &[Option<&str>],
        &shipment.reached_at as &[Option<Timestamp>],
        &shipment.exception as &[Option<&str>],
    )
    .fetch_one(tx)
    .await?;
    ensure_rows(BOOKINGS, bookings.len(), saved.bookings)?;
    Ok(ensure_rows(SHIPMENTS, shipments.len(), saved.shipments)?)
}

/// Bookings to update, by column.
struct BookingColumns<'a> {
    order_id: Vec<Uuid>,
    status_before: Vec<&'static str>,
    status: Vec<&'static str>,
    reason: Vec<Option<&'a str>>,
}

impl<'a> BookingColumns<'a> {
    fn of(bookings: &'a [ChangedBooking]) -> Self {
        Self {
            order_id: bookings.iter().map(|change| change.order_id.as_uuid()).collect(),
            status_before: bookings.iter().map(|change| change.from.into()).collect(),
            status: bookings.iter().map(|change| change.to.status().into()).collect(),
            reason: bookings.iter().map(|change| reason(&change.to)).collect(),
        }
    }
}

/// Shipments to update, by column.
struct ShipmentColumns<'a> {
    order_id: Vec<Uuid>,
    id: Vec<Uuid>,
    status_before: Vec<&'static str>,
    status: Vec<&'static str>,
    carrier: Vec<Option<&'a str>>,
    tracking_number: Vec<Option<&'a str>>,
    promised_by: Vec<Option<Timestamp>>,
    carrier_name: Vec<Option<&'a str>>,
    reached_at: Vec<Option<Timestamp>>,
    exception: Vec<Option<&'static str>>,
}

impl<'a> ShipmentColumns<'a> {
    fn of(shipments: &'a [ChangedShipment]) -> Self {
        let after = || shipments.iter().map(|change| &change.to);
        let waybills = || after().map(|stored| stored.shipment.waybill());
        let tracking_number = |waybill: &'a Waybill| waybill.tracking_number.as_str();
        let carrier_name = |waybill: &'a Waybill| waybill.carrier_name.as_ref().map(CarrierName::as_str);
        Self {
            order_id: after().map(|stored| stored.order_id.as_uuid()).collect(),
            id: after().map(|stored| stored.id.as_uuid()).collect(),
            status_before: shipments.iter().map(|change| change.from.into()).collect(),
            status: after().map(|stored| stored.shipment.status().into()).collect(),
            carrier: waybills().map(|waybill| waybill.map(|waybill| waybill.carrier.as_str())).collect(),
            tracking_number: waybills().map(|waybill| waybill.map(tracking_number)).collect(),
            promised_by: waybills().map(|waybill| waybill.map(|waybill| waybill.promised_by)).collect(),
            carrier_name: waybills().map(|waybill| waybill.and_then(carrier_name)).collect(),
            reached_at: after().map(|stored| reached_at(&stored.shipment)).collect(),
            exception: after().map(|stored| stored.exception.map(Into::into)).collect(),
        }
    }
}
