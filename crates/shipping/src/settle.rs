//! Second transaction of a batch: stores the carrier's results, and replies from the resulting state of each booking.

use crate::carrier_calls::CarrierResult;
use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::kept_reports::KeptReports;
use crate::reply;
use crate::store::{self, StoredBooking};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, ShipmentId};
use domain::messages::ShipmentCommand;
use domain::shipment::{Booking, BookingChanged, Shipment, ShipmentRefusal, Waybill};
use messaging::{Delivery, Handled, Verdict};
use sqlx::PgConnection;

/// Why a message must be retried. Nothing was changed for it.
#[derive(Debug, thiserror::Error)]
enum RetryReason {
    #[error("{0}")]
    Unknown(String),
    #[error(transparent)]
    Changed(#[from] BookingChanged),
    #[error(transparent)]
    Refused(#[from] ShipmentRefusal),
}

pub(crate) async fn settle(
    tx: &mut PgConnection,
    batch: &[Delivery<ShipmentCommand>],
    results: Vec<CarrierResult>,
    now: Timestamp,
) -> Result<Handled<ShippingChanges>, ShippingError> {
    let orders: Vec<_> = batch.iter().map(|delivery| order_of(&delivery.command)).collect();
    let mut bookings = store::lock_bookings(tx, &orders).await?;
    let mut kept = KeptReports::of(tx, &bookings).await?;
    let mut handled = Handled::<ShippingChanges>::default();
    for ((delivery, order), result) in batch.iter().zip(orders).zip(results) {
        let verdict = match bookings.remove(&order) {
            None => without_booking(&delivery.command),
            Some(stored) => match apply(stored.clone(), &delivery.command, &result) {
                Err(reason) => Verdict::Retry(reason.to_string()),
                Ok(settled) => {
                    let settled = kept.applied_to(settled, now);
                    let verdict = reply::reply_to(delivery, &settled, &result, &mut handled.outgoing, now);
                    if verdict == Verdict::Done {
                        handled.changes.add_booking(order, &stored, settled);
                    }
                    verdict
                }
            },
        };
        handled.verdicts.push(verdict);
    }
    handled.outgoing.extend(kept.messages);
    Ok(handled)
}

fn order_of(command: &ShipmentCommand) -> OrderId {
    match command {
        ShipmentCommand::Book(book) => book.order_id,
        ShipmentCommand::Cancel(cancel) => cancel.order_id,
        ShipmentCommand::Amend(amend) => amend.order_id,
        ShipmentCommand::Track(track) => track.order_id,
    }
}

/// The verdict for an order without a booking. `begin` inserts one for every valid book command and every cancel
/// command.
fn without_booking(command: &ShipmentCommand) -> Verdict {
    match command {
        ShipmentCommand::Book(_) => Verdict::Poison("the command names no shipments".to_owned()),
        ShipmentCommand::Cancel(_) => Verdict::Retry("the booking does not exist any more".to_owned()),
        ShipmentCommand::Amend(_) => Verdict::Poison("the order has no booking".to_owned()),
        ShipmentCommand::Track(_) => Verdict::Done,
    }
}

fn apply(
    stored: StoredBooking,
    command: &ShipmentCommand,
    result: &CarrierResult,
) -> Result<StoredBooking, RetryReason> {
    let booking = stored.booking.clone();
    match result {
        CarrierResult::Amended(waybill) => with_amendment(stored, command, &Replaced::Yes(waybill.as_ref())),
        CarrierResult::NotAmended { .. } => with_amendment(stored, command, &Replaced::No),
        CarrierResult::NotNeeded => Ok(stored),
        CarrierResult::Unknown { why } => Err(RetryReason::Unknown(why.clone())),
        CarrierResult::Booked(waybills) => match booking.book()? {
            Applied::Changed(booking) => with_waybills(stored, booking, waybills),
            Applied::Unchanged => Ok(stored),
        },
        CarrierResult::TooLate(waybills) => match booking.resume_booked()? {
            Applied::Changed(booking) => with_waybills(stored, booking, waybills),
            Applied::Unchanged => Ok(stored),
        },
        CarrierResult::Refused { reason } => match booking.refuse(reason.clone())? {
            Applied::Changed(booking) => without_shipments(stored, booking),
            Applied::Unchanged => Ok(stored),
        },
        CarrierResult::Cancelled => match booking.finish_cancelling()? {
            Applied::Changed(booking) => without_shipments(stored, booking),
            Applied::Unchanged => Ok(stored),
        },
    }
}

/// Whether the carrier has replaced a shipment, with the waybill of the replacement if there is one.
#[derive(Debug)]
enum Replaced<'a> {
    Yes(Option<&'a Waybill>),
    No,
}

/// Replaces the shipment, or cancels the replacement if the carrier left the shipment as it was.
fn with_amendment(
    mut stored: StoredBooking,
    command: &ShipmentCommand,
    replaced: &Replaced<'_>,
) -> Result<StoredBooking, RetryReason> {
    let ShipmentCommand::Amend(amend) = command else { return Ok(stored) };
    let replacement = amend.replacement.as_ref().map(|request| request.shipment_id);
    let (leaves, waybill) = match replaced {
        Replaced::Yes(waybill) => (Some(amend.shipment_id), *waybill),
        Replaced::No => (replacement, None),
    };
    let has_shipments = stored.live_shipments().any(|shipment| Some(shipment.id) != leaves);
    let Applied::Changed(booking) = stored.booking.clone().finish_amending(amend.shipment_id, has_shipments)? else {
        return Ok(stored);
    };
    for shipment in &mut stored.shipments {
        let next = match waybill {
            Some(waybill) if Some(shipment.id) == replacement => shipment.shipment.clone().book(waybill.clone())?,
            _ if Some(shipment.id) == leaves => shipment.shipment.clone().cancel()?,
            _ => Applied::Unchanged,
        };
        if let Applied::Changed(next) = next {
            shipment.shipment = next;
        }
    }
    Ok(StoredBooking { booking, ..stored })
}

fn with_waybills(
    mut stored: StoredBooking,
    booking: Booking,
    waybills: &[(ShipmentId, Waybill)],
) -> Result<StoredBooking, RetryReason> {
    let live = stored.shipments.iter_mut().filter(|it| !matches!(it.shipment, Shipment::Cancelled(_)));
    for shipment in live {
        let waybill = waybills.iter().find(|(id, _)| *id == shipment.id).map(|(_, waybill)| waybill.clone());
        let waybill = waybill.ok_or_else(|| RetryReason::Unknown(format!("no waybill for {}", shipment.id)))?;
        if let Applied::Changed(booked) = shipment.shipment.clone().book(waybill)? {
            shipment.shipment = booked;
        }
    }
    Ok(StoredBooking { booking, ..stored })
}

fn without_shipments(mut stored: StoredBooking, booking: Booking) -> Result<StoredBooking, RetryReason> {
    for shipment in &mut stored.shipments {
        if let Applied::Changed(cancelled) = shipment.shipment.clone().cancel()? {
            shipment.shipment = cancelled;
        }
    }
    Ok(StoredBooking { booking, ..stored })
}
