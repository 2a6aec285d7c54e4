//! First transaction of a batch: decides which carrier calls to make; they are stored before they are made.

use crate::carrier_calls::{CancelRequest, CarrierCall};
use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::recipient_source::RecipientSource;
use crate::store::{self, NewBooking, StoredBooking, StoredShipment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::OrderId;
use domain::messages::{AmendShipment, Message, ShipmentCommand};
use domain::order::Recipient;
use domain::shipment::{Booking, BookingStatus, Shipment};
use messaging::{Begun, Delivery};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

pub(crate) async fn begin(
    tx: &mut PgConnection,
    chosen: &str,
    source: &dyn RecipientSource,
    batch: &[Delivery<ShipmentCommand>],
    now: Timestamp,
) -> Result<Begun<CarrierCall, ShippingChanges>, ShippingError> {
    let inserted = insert_bookings(tx, chosen, batch, now).await?;
    let existing: Vec<_> = orders_to_load(batch).filter(|order| !inserted.contains(order)).collect();
    let mut bookings = store::lock_bookings(tx, &existing).await?;
    let cancelling = start_cancelling(batch, &mut bookings);
    let amending = start_amending(batch, &mut bookings);
    let mut recipients = find_recipients(tx, source, batch, &bookings).await?;
    let calls = batch.iter().map(|delivery| {
        let recipient = recipients.remove(&delivery.command.order_id()).unwrap_or_default();
        call_for(&delivery.command, chosen, recipient, &inserted, &bookings)
    });
    let calls = calls.collect();
    Ok(Begun { calls, changes: ShippingChanges { cancelling, amending, ..ShippingChanges::default() } })
}

/// The recipients of the orders that may be booked, also again after a cancellation that came too late. Asks only if one
/// of the orders has a recipient.
async fn find_recipients(
    tx: &mut PgConnection,
    source: &dyn RecipientSource,
    batch: &[Delivery<ShipmentCommand>],
    bookings: &HashMap<OrderId, StoredBooking>,
) -> Result<HashMap<OrderId, Recipient>, ShippingError> {
    let has_recipient = |command: &ShipmentCommand| match command {
        ShipmentCommand::Book(book) => book.has_recipient,
        ShipmentCommand::Cancel(cancel) => bookings.get(&cancel.order_id).is_some_and(|stored| stored.has_recipient),
        ShipmentCommand::Amend(amend) => {
            amend.replacement.is_some() && bookings.get(&amend.order_id).is_some_and(|stored| stored.has_recipient)
        }
        ShipmentCommand::Track(_) => false,
    };
    let commands = batch.iter().map(|delivery| &delivery.command).filter(|command| has_recipient(command));
    let orders: Vec<_> = commands.map(Message::order_id).collect();
    if orders.is_empty() { Ok(HashMap::new()) } else { source.find(tx, &orders).await }
}

/// Inserts the bookings that don't exist yet and returns their orders. For a cancel command without a booking, it
/// inserts a tombstone.
async fn insert_bookings(
    tx: &mut PgConnection,
    chosen: &str,
    batch: &[Delivery<ShipmentCommand>],
    now: Timestamp,
) -> Result<HashSet<OrderId>, ShippingError> {
    let mut new: Vec<_> = batch.iter().filter_map(|delivery| new_booking(chosen, delivery)).collect();
    new.sort_by_key(|booking| booking.order_id);
    store::insert_bookings(tx, &new, now).await
}

/// The booking to insert if the order has none yet, with the chosen carrier.
fn new_booking<'a>(carrier: &'a str, delivery: &'a Delivery<ShipmentCommand>) -> Option<NewBooking<'a>> {
    let trace = &delivery.header.trace;
    match &delivery.command {
        ShipmentCommand::Book(book) if !book.shipments.is_empty() => Some(NewBooking {
            order_id: book.order_id,
            status: BookingStatus::Requested,
            carrier,
            trace,
            has_recipient: book.has_recipient,
            requests: &book.shipments,
        }),
        ShipmentCommand::Cancel(cancel) => {
            let status = BookingStatus::Cancelled;
            let order_id = cancel.order_id;
            Some(NewBooking { order_id, status, carrier, trace, has_recipient: false, requests: &[] })
        }
        ShipmentCommand::Book(_) | ShipmentCommand::Amend(_) | ShipmentCommand::Track(_) => None,
    }
}

/// The orders that may need a carrier call.
fn orders_to_load(batch: &[Delivery<ShipmentCommand>]) -> impl Iterator<Item = OrderId> {
    batch.iter().filter_map(|delivery| match &delivery.command {
        ShipmentCommand::Book(book) => Some(book.order_id),
        ShipmentCommand::Cancel(cancel) => Some(cancel.order_id),
        ShipmentCommand::Amend(amend) => Some(amend.order_id),
        ShipmentCommand::Track(_) => None,
    })
}

/// Sets the bookings whose shipment can be replaced to `Amending`, and returns their commands. A command whose replacement
/// is stored began before.
fn start_amending(
    batch: &[Delivery<ShipmentCommand>],
    bookings: &mut HashMap<OrderId, StoredBooking>,
) -> Vec<AmendShipment> {
    let mut started = Vec::new();
    for delivery in batch {
        let ShipmentCommand::Amend(amend) = &delivery.command else { continue };
        let Some(stored) = bookings.get_mut(&amend.order_id) else { continue };
        let Some(replaced) = stored.shipment(amend.shipment_id) else { continue };
        if stored.replacement(amend).is_some() {
            continue;
        }
        if let Ok(Applied::Changed(booking)) = stored.booking.clone().begin_amending(replaced.id, &replaced.shipment) {
            stored.booking = booking;
            started.push(amend.clone());
        }
    }
    started
}

/// Sets the bookings that can be cancelled to `Cancelling`, and returns their orders. The rows are updated by
/// [`store::start_cancelling`] in one statement.
fn start_cancelling(
    batch: &[Delivery<ShipmentCommand>],
    bookings: &mut HashMap<OrderId, StoredBooking>,
) -> Vec<OrderId> {
    let mut started = Vec::new();
    for delivery in batch {
        let ShipmentCommand::Cancel(cancel) = &delivery.command else { continue };
        let Some(stored) = bookings.get_mut(&cancel.order_id) else { continue };
        let shipments = stored.shipments.iter().map(|shipment| &shipment.shipment);
        if let Ok(Applied::Changed(booking)) = stored.booking.clone().begin_cancelling(shipments) {
            stored.booking = booking;
            started.push(cancel.order_id);
        }
    }
    started
}

fn call_for(
    command: &ShipmentCommand,
    chosen: &str,
    recipient: Recipient,
    inserted: &HashSet<OrderId>,
    bookings: &HashMap<OrderId, StoredBooking>,
) -> CarrierCall {
    match command {
        ShipmentCommand::Book(book) if inserted.contains(&book.order_id) => {
            CarrierCall::Book { carrier: chosen.to_owned(), shipments: book.shipments.clone(), recipient }
        }
        ShipmentCommand::Book(book) => {
            let stored = bookings.get(&book.order_id);
            stored.map_or(CarrierCall::NotNeeded, |stored| repeated_book_call(stored, recipient))
        }
        ShipmentCommand::Cancel(cancel) => {
            let stored = bookings.get(&cancel.order_id);
            stored.map_or(CarrierCall::NotNeeded, |stored| repeated_cancel_call(stored, recipient))
        }
        ShipmentCommand::Amend(amend) => {
            let stored = bookings.get(&amend.order_id);
            let call = stored.and_then(|stored| amend_call(stored, amend, recipient));
            call.unwrap_or(CarrierCall::NotNeeded)
        }
        ShipmentCommand::Track(_) => CarrierCall::NotNeeded,
    }
}

fn repeated_book_call(stored: &StoredBooking, recipient: Recipient) -> CarrierCall {
    match stored.booking {
        Booking::Requested => CarrierCall::Book {
            carrier: stored.carrier.clone(),
            shipments: stored.shipments.iter().map(store::StoredShipment::request).collect(),
            recipient,
        },
        Booking::Booked | Booking::Cancelling | Booking::Amending { .. } => CarrierCall::NotNeeded,
        // An earlier request may have reached the carrier after the booking was closed.
        Booking::Refused { .. } | Booking::Cancelled => cancel_call(stored, recipient),
    }
}

fn repeated_cancel_call(stored: &StoredBooking, recipient: Recipient) -> CarrierCall {
    if stored.booking == Booking::Cancelling { cancel_call(stored, recipient) } else { CarrierCall::NotNeeded }
}

/// `None` unless this shipment is being replaced.
fn amend_call(stored: &StoredBooking, amend: &AmendShipment, recipient: Recipient) -> Option<CarrierCall> {
    if stored.booking != (Booking::Amending { shipment: amend.shipment_id }) {
        return None;
    }
    let replaced = CancelRequest::of(stored.shipment(amend.shipment_id)?);
    let (carrier, replacement) = (stored.carrier.clone(), amend.replacement.clone());
    Some(CarrierCall::Amend { carrier, replaced, replacement, recipient })
}

/// Shipments that an amendment has cancelled stay so, even if a booking that closed with the others is cancelled again.
fn cancel_call(stored: &StoredBooking, recipient: Recipient) -> CarrierCall {
    let is_closing = stored.booking == Booking::Cancelling;
    let is_live = |shipment: &&StoredShipment| !is_closing || !matches!(shipment.shipment, Shipment::Cancelled(_));
    let shipments: Vec<_> = stored.shipments.iter().filter(is_live).map(CancelRequest::of).collect();
    if shipments.is_empty() {
        return CarrierCall::NotNeeded;
    }
    CarrierCall::Cancel { carrier: stored.carrier.clone(), shipments, recipient }
}
