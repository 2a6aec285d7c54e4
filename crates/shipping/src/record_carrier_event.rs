//! A carrier, or somebody in its name, reports how far a shipment is.

use crate::error::ShippingError;
use crate::store::{self, ChangedShipment, NewEvent, StoredBooking, StoredShipment};
use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::messages::{Reply, ShipmentProgressed};
use domain::order::Applied;
use domain::shipment::{Booking, Milestone, Shipment, ShipmentRefusal, TrackingNumber, Waybill};
use messaging::outbox::Parcel;
use messaging::{Outgoing, Relay, Trace, outbox};
use platform::answer::AnswerSink;
use platform::witness::{Change, Witness};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierEvent {
    pub tracking_number: TrackingNumber,
    pub status: Milestone,
    pub occurred_at: Timestamp,
    /// Who tells us: `carrier:<name>`, `vendor:<id>`, `admin:<id>`.
    pub source: String,
    pub note: Option<String>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The shipment moved forward, and its order is told.
    Moved,
    /// It is that far already, or further; the event is kept.
    Noted,
    /// The same event was recorded before.
    Duplicate,
}

#[derive(Debug, thiserror::Error)]
pub enum CarrierEventError {
    #[error("no shipment has this `tracking_number`")]
    UnknownTrackingNumber,
    #[error(transparent)]
    Refused(#[from] ShipmentRefusal),
    #[error(transparent)]
    Failed(#[from] ShippingError),
}

pub async fn record_carrier_event(
    pool: &PgPool,
    relay: &Relay,
    event: CarrierEvent,
    now: Timestamp,
    witness: &(impl Witness + AnswerSink<Recorded>),
) -> Result<Recorded, CarrierEventError> {
    let mut tx = platform::postgres::begin(pool).await.map_err(ShippingError::from)?;
    let (recorded, told) = record(&mut tx, relay, &event, now, witness).await?;
    witness.keep(&mut tx, &recorded).await.map_err(ShippingError::from)?;
    tx.commit().await.map_err(ShippingError::from)?;
    if let Some(parcel) = told {
        relay.carry(parcel);
    }
    Ok(recorded)
}

/// What became of the event, and what its order is told.
async fn record(
    tx: &mut PgConnection,
    relay: &Relay,
    event: &CarrierEvent,
    now: Timestamp,
    witness: &impl Witness,
) -> Result<(Recorded, Option<Parcel>), CarrierEventError> {
    let order = store::find_order_of_tracking_number(tx, &event.tracking_number).await?;
    let order = order.ok_or(CarrierEventError::UnknownTrackingNumber)?;
    let booking = store::lock_bookings(tx, &[order]).await?.remove(&order);
    let (shipment, trace) = named_shipment(booking, &event.tracking_number)?;
    let reported = shipment.shipment.clone().report(event.status, event.occurred_at)?;
    if store::insert_events(tx, &[row(shipment.id, event)], now).await? == 0 {
        return Ok((Recorded::Duplicate, None));
    }
    witness.note(tx, told(event, &shipment.shipment)).await.map_err(ShippingError::from)?;
    let Applied::Now(next) = reported else { return Ok((Recorded::Noted, None)) };
    let change = ChangedShipment::step(shipment, next);
    store::save_changes(tx, &[], std::slice::from_ref(&change), now).await?;
    let message = progressed(&change, event.status, event.occurred_at, trace, now);
    let parcel = outbox::append(tx, vec![message], relay).await.map_err(ShippingError::from)?;
    Ok((Recorded::Moved, Some(parcel)))
}

fn told(event: &CarrierEvent, before: &Shipment) -> Change {
    Change {
        action: "shipment.report",
        subject: format!("shipment:{}", event.tracking_number),
        reason: event.note.clone(),
        before: Some(json!({ "status": before.status() })),
        after: Some(json!({ "reported": event.status, "occurred_at": event.occurred_at })),
    }
}

/// While a shipment is being called back, the carrier's answer decides. If it has the shipment all the same, it says
/// so, and an event that is told again is then taken.
fn named_shipment(
    booking: Option<StoredBooking>,
    number: &TrackingNumber,
) -> Result<(StoredShipment, Trace), CarrierEventError> {
    let stored = booking.ok_or(CarrierEventError::UnknownTrackingNumber)?;
    if stored.booking == Booking::Cancelling {
        return Err(ShipmentRefusal::BeingCalledBack.into());
    }
    let named = |waybill: &Waybill| waybill.tracking_number == *number;
    let mut shipments = stored.shipments.into_iter();
    let shipment = shipments.find(|shipment| shipment.shipment.waybill().is_some_and(named));
    Ok((shipment.ok_or(CarrierEventError::UnknownTrackingNumber)?, stored.trace))
}

fn row(shipment_id: ShipmentId, event: &CarrierEvent) -> NewEvent<'_> {
    NewEvent {
        shipment_id,
        milestone: event.status,
        occurred_at: event.occurred_at,
        source: &event.source,
        note: event.note.as_deref(),
    }
}

/// The message to the order. Its id is the step's: however often the step is reported, the order hears of it once.
pub(crate) fn progressed(
    change: &ChangedShipment,
    milestone: Milestone,
    occurred_at: Timestamp,
    trace: Trace,
    now: Timestamp,
) -> Outgoing {
    let (order_id, shipment_id) = (change.to.order_id, change.to.id);
    let reply =
        Reply::ShipmentProgressed(ShipmentProgressed { order_id, shipment_id, status: milestone.into(), occurred_at });
    Outgoing::new(order_id, &reply, format!("{shipment_id}/{milestone}"), trace, now)
}
