//! Second transaction of a batch: stores what the carrier said, and answers by where each booking then stands.

use crate::carrier_calls::CarrierAnswer;
use crate::error::ShippingError;
use crate::reply;
use crate::store::{self, ChangedBooking, ChangedShipment, StoredBooking};
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use domain::messages::ShipmentCommand;
use domain::order::Applied;
use domain::shipment::{Booking, BookingMoved, ShipmentRefusal, Waybill};
use messaging::{Delivery, Handled, Verdict};
use sqlx::PgConnection;
use std::time::Duration;

/// Why a message can't be answered now. Nothing was changed for it.
#[derive(Debug, thiserror::Error)]
enum NotNow {
    #[error("{0}")]
    Unknown(String),
    #[error(transparent)]
    Moved(#[from] BookingMoved),
    #[error(transparent)]
    Refused(#[from] ShipmentRefusal),
}

pub(crate) async fn settle(
    tx: &mut PgConnection,
    batch: &[Delivery<ShipmentCommand>],
    answers: Vec<CarrierAnswer>,
    moves_after: Option<Duration>,
    now: Timestamp,
) -> Result<Handled, ShippingError> {
    let orders: Vec<_> = batch.iter().map(|delivery| order_of(&delivery.command)).collect();
    let mut bookings = store::lock_bookings(tx, &orders).await?;
    let (mut handled, mut changes) = (Handled::default(), Changes::default());
    for ((delivery, order), answer) in batch.iter().zip(orders).zip(answers) {
        let verdict = match bookings.remove(&order) {
            None => without_booking(&delivery.command),
            Some(stored) => match apply(stored.clone(), answer, moves_after, now) {
                Err(not_now) => Verdict::Retry(not_now.to_string()),
                Ok(settled) => {
                    let verdict = reply::answer_by(delivery, &settled, &mut handled.outgoing, now);
                    if verdict == Verdict::Done {
                        changes.note(order, stored, settled);
                    }
                    verdict
                }
            },
        };
        handled.verdicts.push(verdict);
    }
    changes.save(tx, now).await?;
    Ok(handled)
}

fn order_of(command: &ShipmentCommand) -> OrderId {
    match command {
        ShipmentCommand::Book(book) => book.order_id,
        ShipmentCommand::Cancel(cancel) => cancel.order_id,
        ShipmentCommand::Track(track) => track.order_id,
    }
}

/// `begin` opens a booking for every order that it can.
fn without_booking(command: &ShipmentCommand) -> Verdict {
    match command {
        ShipmentCommand::Book(_) => Verdict::Poison("there is nothing to ship in it".to_owned()),
        ShipmentCommand::Cancel(_) => Verdict::Retry("the booking is gone".to_owned()),
        ShipmentCommand::Track(_) => Verdict::Done,
    }
}

fn apply(
    stored: StoredBooking,
    answer: CarrierAnswer,
    moves_after: Option<Duration>,
    now: Timestamp,
) -> Result<StoredBooking, NotNow> {
    let booking = stored.booking.clone();
    match answer {
        CarrierAnswer::NotAsked => Ok(stored),
        CarrierAnswer::Unknown { why } => Err(NotNow::Unknown(why)),
        CarrierAnswer::Booked(waybills) => match booking.book()? {
            Applied::Now(booking) => with_waybills(stored, booking, &waybills, moves_after.map(|after| now + after)),
            Applied::Already => Ok(stored),
        },
        // The carrier has it: the simulated one moves it at once.
        CarrierAnswer::TooLate(waybills) => match booking.keep()? {
            Applied::Now(booking) => with_waybills(stored, booking, &waybills, moves_after.map(|_| now)),
            Applied::Already => Ok(stored),
        },
        CarrierAnswer::Refused { reason } => match booking.refuse(reason)? {
            Applied::Now(booking) => without_shipments(stored, booking),
            Applied::Already => Ok(stored),
        },
        CarrierAnswer::CalledBack => match booking.call_back()? {
            Applied::Now(booking) => without_shipments(stored, booking),
            Applied::Already => Ok(stored),
        },
    }
}

fn with_waybills(
    mut stored: StoredBooking,
    booking: Booking,
    waybills: &[(ShipmentId, Waybill)],
    next_move_at: Option<Timestamp>,
) -> Result<StoredBooking, NotNow> {
    for shipment in &mut stored.shipments {
        let waybill = waybills.iter().find(|(id, _)| *id == shipment.id).map(|(_, waybill)| waybill.clone());
        let waybill = waybill.ok_or_else(|| NotNow::Unknown(format!("no waybill for {}", shipment.id)))?;
        if let Applied::Now(booked) = shipment.shipment.clone().book(waybill)? {
            shipment.shipment = booked;
        }
        shipment.next_move_at = next_move_at;
    }
    Ok(StoredBooking { booking, ..stored })
}

fn without_shipments(mut stored: StoredBooking, booking: Booking) -> Result<StoredBooking, NotNow> {
    for shipment in &mut stored.shipments {
        if let Applied::Now(cancelled) = shipment.shipment.clone().cancel()? {
            shipment.shipment = cancelled;
        }
        shipment.next_move_at = None;
    }
    Ok(StoredBooking { booking, ..stored })
}

/// What the batch has to write, all of it in one statement.
#[derive(Default)]
struct Changes {
    bookings: Vec<ChangedBooking>,
    shipments: Vec<ChangedShipment>,
}

impl Changes {
    fn note(&mut self, order_id: OrderId, before: StoredBooking, after: StoredBooking) {
        if before.booking != after.booking {
            self.bookings.push(ChangedBooking { order_id, from: before.booking.status(), to: after.booking });
        }
        for (before, after) in before.shipments.into_iter().zip(after.shipments) {
            if before != after {
                self.shipments.push(ChangedShipment { from: before.shipment.status(), to: after });
            }
        }
    }

    async fn save(&self, tx: &mut PgConnection, now: Timestamp) -> Result<(), ShippingError> {
        store::save_changes(tx, &self.bookings, &self.shipments, now).await
    }
}
