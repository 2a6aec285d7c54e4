//! Saves the changed bookings and shipments of a batch in one statement.

use super::bookings::{ChangedBooking, reason};
use super::shipments::{ChangedShipment, reached_at};
use super::{BOOKINGS, SHIPMENTS};
use crate::error::ShippingError;
use domain::Timestamp;
use platform::consistency::ensure_rows;
use sqlx::PgConnection;

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
    let booked: Vec<_> = bookings.iter().map(|change| change.order_id.as_uuid()).collect();
    let bookings_from: Vec<&str> = bookings.iter().map(|change| change.from.into()).collect();
    let bookings_to: Vec<&str> = bookings.iter().map(|change| change.to.status().into()).collect();
    let reasons: Vec<_> = bookings.iter().map(|change| reason(&change.to)).collect();
    let after = || shipments.iter().map(|change| &change.to);
    let waybills = || after().map(|stored| stored.shipment.waybill());
    let orders: Vec<_> = after().map(|stored| stored.order_id.as_uuid()).collect();
    let ids: Vec<_> = after().map(|stored| stored.id.as_uuid()).collect();
    let from: Vec<&str> = shipments.iter().map(|change| change.from.into()).collect();
    let to: Vec<&str> = after().map(|stored| stored.shipment.status().into()).collect();
    let carriers: Vec<_> = waybills().map(|waybill| waybill.map(|waybill| waybill.carrier.as_str())).collect();
    let numbers: Vec<_> = waybills().map(|waybill| waybill.map(|waybill| waybill.tracking_number.as_str())).collect();
    let promises: Vec<_> = waybills().map(|waybill| waybill.map(|waybill| waybill.promised_by)).collect();
    let reached: Vec<_> = after().map(|stored| reached_at(&stored.shipment)).collect();
    let next_moves: Vec<_> = after().map(|stored| stored.next_move_at).collect();
    let saved = sqlx::query!(
        r#"WITH saved_bookings AS (
             UPDATE shipping.bookings AS b SET status = u.to_status, reason = u.reason, updated_at = $14
               FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[]) AS u (order_id, from_status, to_status, reason)
              WHERE b.order_id = ANY($1) AND b.order_id = u.order_id AND b.status = u.from_status
             RETURNING 1),
         saved_shipments AS (
             UPDATE shipping.shipments AS s
                SET status = u.to_status, carrier = u.carrier, tracking_number = u.tracking_number,
                    promised_by = u.promised_by, reached_at = u.reached_at, next_move_at = u.next_move_at,
                    updated_at = $14
               FROM UNNEST($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[],
                           $12::timestamptz[], $13::timestamptz[])
                    AS u (order_id, id, from_status, to_status, carrier, tracking_number, promised_by, reached_at,
                          next_move_at)
              WHERE s.order_id = ANY($5) AND s.order_id = u.order_id AND s.id = u.id AND s.status = u.from_status
             RETURNING 1)
         SELECT (SELECT count(*) FROM saved_bookings) AS "bookings!",
                (SELECT count(*) FROM saved_shipments) AS "shipments!""#,
        &booked,
        &bookings_from as &[&str],
        &bookings_to as &[&str],
        &reasons as &[Option<&str>],
        &orders,
        &ids,
        &from as &[&str],
        &to as &[&str],
        &carriers as &[Option<&str>],
        &numbers as &[Option<&str>],
        &promises as &[Option<Timestamp>],
        &reached as &[Option<Timestamp>],
        &next_moves as &[Option<Timestamp>],
        now,
    )
    .fetch_one(tx)
    .await?;
    ensure_rows(BOOKINGS, bookings.len(), saved.bookings)?;
    Ok(ensure_rows(SHIPMENTS, shipments.len(), saved.shipments)?)
}
