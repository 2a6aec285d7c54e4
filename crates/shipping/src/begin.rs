//! First transaction of a batch: stores what is about to be asked of the carrier.

use crate::carrier_calls::{CallBack, CarrierCall};
use crate::error::ShippingError;
use crate::store::{self, NewBooking, StoredBooking};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::ShipmentCommand;
use domain::order::Applied;
use domain::shipment::{Booking, BookingStatus};
use messaging::Delivery;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

pub(crate) async fn begin(
    tx: &mut PgConnection,
    batch: &[Delivery<ShipmentCommand>],
    now: Timestamp,
) -> Result<Vec<CarrierCall>, ShippingError> {
    let opened = open(tx, batch, now).await?;
    let known: Vec<_> = asking(batch).filter(|order| !opened.contains(order)).collect();
    let mut bookings = store::lock_bookings(tx, &known).await?;
    let cancelling = cancel(batch, &mut bookings);
    store::start_cancelling(tx, &cancelling, now).await?;
    Ok(batch.iter().map(|delivery| call_for(&delivery.command, &opened, &bookings)).collect())
}

/// Opens the bookings that are not there yet, and says which. A cancel of nothing leaves a tombstone.
async fn open(
    tx: &mut PgConnection,
    batch: &[Delivery<ShipmentCommand>],
    now: Timestamp,
) -> Result<HashSet<OrderId>, ShippingError> {
    let mut wanted: Vec<_> = batch.iter().filter_map(new_booking).collect();
    wanted.sort_by_key(|booking| booking.order_id);
    store::open_bookings(tx, &wanted, now).await
}

fn new_booking(delivery: &Delivery<ShipmentCommand>) -> Option<NewBooking<'_>> {
    let trace = &delivery.header.trace;
    match &delivery.command {
        ShipmentCommand::Book(book) if !book.parcels.is_empty() => Some(NewBooking {
            order_id: book.order_id,
            status: BookingStatus::Requested,
            trace,
            parcels: &book.parcels,
        }),
        ShipmentCommand::Cancel(cancel) => {
            Some(NewBooking { order_id: cancel.order_id, status: BookingStatus::Cancelled, trace, parcels: &[] })
        }
        ShipmentCommand::Book(_) | ShipmentCommand::Track(_) => None,
    }
}

/// The orders for which the carrier may have to be asked.
fn asking(batch: &[Delivery<ShipmentCommand>]) -> impl Iterator<Item = OrderId> {
    batch.iter().filter_map(|delivery| match &delivery.command {
        ShipmentCommand::Book(book) => Some(book.order_id),
        ShipmentCommand::Cancel(cancel) => Some(cancel.order_id),
        ShipmentCommand::Track(_) => None,
    })
}

/// Begins to call back what can be; the rows follow in one statement.
fn cancel(batch: &[Delivery<ShipmentCommand>], bookings: &mut HashMap<OrderId, StoredBooking>) -> Vec<OrderId> {
    let mut started = Vec::new();
    for delivery in batch {
        let ShipmentCommand::Cancel(cancel) = &delivery.command else { continue };
        let Some(stored) = bookings.get_mut(&cancel.order_id) else { continue };
        let shipments = stored.shipments.iter().map(|shipment| &shipment.shipment);
        if let Ok(Applied::Now(booking)) = stored.booking.clone().cancel(shipments) {
            stored.booking = booking;
            started.push(cancel.order_id);
        }
    }
    started
}

fn call_for(
    command: &ShipmentCommand,
    opened: &HashSet<OrderId>,
    bookings: &HashMap<OrderId, StoredBooking>,
) -> CarrierCall {
    match command {
        ShipmentCommand::Book(book) if opened.contains(&book.order_id) => CarrierCall::Book(book.parcels.clone()),
        ShipmentCommand::Book(book) => bookings.get(&book.order_id).map_or(CarrierCall::Nothing, book_again),
        ShipmentCommand::Cancel(cancel) => bookings.get(&cancel.order_id).map_or(CarrierCall::Nothing, cancel_now),
        ShipmentCommand::Track(_) => CarrierCall::Nothing,
    }
}

fn book_again(stored: &StoredBooking) -> CarrierCall {
    match stored.booking {
        Booking::Requested => CarrierCall::Book(stored.shipments.iter().map(store::StoredShipment::parcel).collect()),
        Booking::Booked | Booking::Cancelling => CarrierCall::Nothing,
        // An earlier request may have reached the carrier after the booking was closed.
        Booking::Refused { .. } | Booking::Cancelled => call_back(stored),
    }
}

fn cancel_now(stored: &StoredBooking) -> CarrierCall {
    if stored.booking == Booking::Cancelling { call_back(stored) } else { CarrierCall::Nothing }
}

fn call_back(stored: &StoredBooking) -> CarrierCall {
    let shipments = stored.shipments.iter().map(|shipment| CallBack {
        parcel: shipment.parcel(),
        tracking_number: shipment.shipment.waybill().map(|waybill| waybill.tracking_number.clone()),
    });
    let shipments: Vec<_> = shipments.collect();
    if shipments.is_empty() { CarrierCall::Nothing } else { CarrierCall::CallBack(shipments) }
}
