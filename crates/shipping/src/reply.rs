//! Replies to a command from the state of its booking. A repeated command gets the same reply as the first, a late one
//! gets a reply that fits the current state.

use crate::carrier_calls::{CarrierResult, HANDED_OVER};
use crate::store::{StoredBooking, StoredShipment};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{
    AmendShipment, BookedShipment, Reply, ShipmentAmended, ShipmentCommand, ShipmentNotAmended, ShipmentProgressed,
    ShipmentsBooked, ShipmentsCancelled, ShipmentsRefused, ShipmentsTooLate,
};
use domain::shipment::{Booking, Shipment};
use messaging::{Delivery, Outgoing, Verdict};

/// Adds the reply to `outgoing`, if the booking's state allows one.
pub(crate) fn reply_to(
    delivery: &Delivery<ShipmentCommand>,
    stored: &StoredBooking,
    result: &CarrierResult,
    outgoing: &mut Vec<Outgoing>,
    now: Timestamp,
) -> Verdict {
    let reply = match &delivery.command {
        ShipmentCommand::Book(book) => reply_to_book(book.order_id, stored),
        ShipmentCommand::Cancel(cancel) => reply_to_cancel(cancel.order_id, &stored.booking),
        ShipmentCommand::Amend(amend) => reply_to_amend(amend, stored, result),
        ShipmentCommand::Track(track) => {
            outgoing.extend(progress(delivery, track.order_id, stored, now));
            return Verdict::Done;
        }
    };
    match reply {
        Some(reply) => {
            outgoing.push(delivery.reply(&reply, now));
            Verdict::Done
        }
        None => Verdict::Retry(format!("the booking is now {}", stored.booking.status())),
    }
}

fn reply_to_book(order_id: OrderId, stored: &StoredBooking) -> Option<Reply> {
    match &stored.booking {
        Booking::Booked | Booking::Amending { .. } => {
            let shipments = stored.live_shipments().filter_map(booked_shipment).collect();
            Some(Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments }))
        }
        Booking::Refused { reason } => {
            Some(Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: reason.clone() }))
        }
        Booking::Cancelled => {
            Some(Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: "cancelled".to_owned() }))
        }
        Booking::Requested | Booking::Cancelling => None,
    }
}

fn reply_to_cancel(order_id: OrderId, booking: &Booking) -> Option<Reply> {
    match booking {
        Booking::Booked => Some(Reply::ShipmentsTooLate(ShipmentsTooLate { order_id })),
        Booking::Refused { .. } | Booking::Cancelled => {
            Some(Reply::ShipmentsCancelled(ShipmentsCancelled { order_id }))
        }
        Booking::Requested | Booking::Cancelling | Booking::Amending { .. } => None,
    }
}

/// A repeated command gets the same reply, though the reason of a refusal is known only from the carrier's response.
fn reply_to_amend(amend: &AmendShipment, stored: &StoredBooking, result: &CarrierResult) -> Option<Reply> {
    if !matches!(stored.booking, Booking::Booked | Booking::Cancelled | Booking::Refused { .. }) {
        return None;
    }
    let AmendShipment { order_id, shipment_id, amendment, .. } = *amend;
    let replaced = stored.shipment(shipment_id).map(|replaced| &replaced.shipment);
    let replacement = stored.replacement(amend).filter(|it| !matches!(it.shipment, Shipment::Cancelled(_)));
    let replacement = replacement.and_then(booked_shipment);
    let is_replaced =
        matches!(replaced, Some(Shipment::Cancelled(_))) && replacement.is_some() == amend.replacement.is_some();
    if is_replaced {
        return Some(Reply::ShipmentAmended(ShipmentAmended { order_id, shipment_id, amendment, replacement }));
    }
    let reason = match (result, replaced) {
        (CarrierResult::NotAmended { reason }, _) => reason.clone(),
        (_, Some(Shipment::UnderWay { .. })) => HANDED_OVER.to_owned(),
        _ => "refused".to_owned(),
    };
    Some(Reply::ShipmentNotAmended(ShipmentNotAmended { order_id, shipment_id, amendment, reason }))
}

fn booked_shipment(stored: &StoredShipment) -> Option<BookedShipment> {
    let waybill = stored.shipment.waybill()?;
    Some(BookedShipment {
        shipment_id: stored.id,
        warehouse_id: stored.warehouse_id,
        carrier: waybill.carrier.clone(),
        tracking_number: waybill.tracking_number.to_string(),
        promised_by: waybill.promised_by,
    })
}

/// One message per shipment that was handed over. Each has its own id, derived from the command's, so a redelivered
/// command makes the same ids.
fn progress(
    delivery: &Delivery<ShipmentCommand>,
    order_id: OrderId,
    stored: &StoredBooking,
    now: Timestamp,
) -> impl Iterator<Item = Outgoing> {
    stored.shipments.iter().filter_map(move |shipment| {
        let Shipment::UnderWay { waybill, milestone, reached_at } = &shipment.shipment else { return None };
        let progressed = ShipmentProgressed {
            order_id,
            shipment_id: shipment.id,
            status: (*milestone).into(),
            occurred_at: *reached_at,
            transport: waybill.transport(),
            is_cancelled: false,
        };
        let key = format!("{}/{}", delivery.header.id, shipment.id);
        let reply = Reply::ShipmentProgressed(progressed);
        Some(Outgoing::new(delivery.header.subject, &reply, key, delivery.header.caused(), now))
    })
}
