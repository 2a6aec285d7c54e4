//! Use case: records a milestone that a carrier, a vendor or an admin reports for a shipment.

use crate::error::ShippingError;
use crate::store::{self, ChangedShipment, NewEvent, StoredBooking, StoredShipment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::ShipmentId;
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Booking, Milestone, Shipment, ShipmentRefusal, TrackingNumber, Waybill};
use messaging::outbox::LeasedMessages;
use messaging::{Outgoing, RelayHandle, Trace, outbox};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierEvent {
    pub tracking_number: TrackingNumber,
    pub status: Milestone,
    pub occurred_at: Timestamp,
    /// Who reports it: `carrier:<name>`, `vendor:<id>`, `admin:<id>`.
    pub source: String,
    pub note: Option<String>,
}

/// The effect of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The shipment advanced, and a message to its order is in the outbox.
    Advanced,
    /// The shipment had reached this milestone or a later one. The event is stored, but changes nothing.
    Ignored,
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

/// Records the event, and advances the shipment if the milestone is new.
pub async fn record_carrier_event(
    pool: &PgPool,
    relay: &RelayHandle,
    event: CarrierEvent,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Recorded>),
) -> Result<Recorded, CarrierEventError> {
    let mut tx = platform::postgres::begin(pool).await.map_err(ShippingError::from)?;
    let (recorded, leased) = record(&mut tx, relay, &event, now, audit).await?;
    audit.store_response(&mut tx, &recorded).await.map_err(ShippingError::from)?;
    tx.commit().await.map_err(ShippingError::from)?;
    if let Some(leased) = leased {
        relay.publish(leased);
    }
    Ok(recorded)
}

/// Returns the effect of the event, and the message to the order if there is one.
async fn record(
    tx: &mut PgConnection,
    relay: &RelayHandle,
    event: &CarrierEvent,
    now: Timestamp,
    audit: &impl AuditSink,
) -> Result<(Recorded, Option<LeasedMessages>), CarrierEventError> {
    let order = store::find_order_of_tracking_number(tx, &event.tracking_number).await?;
    let order = order.ok_or(CarrierEventError::UnknownTrackingNumber)?;
    let booking = store::lock_bookings(tx, &[order]).await?.remove(&order);
    let (shipment, trace) = named_shipment(booking, &event.tracking_number)?;
    let reported = shipment.shipment.clone().report(event.status, event.occurred_at)?;
    if store::insert_events(tx, &[row(shipment.id, event)], now).await? == 0 {
        return Ok((Recorded::Duplicate, None));
    }
    audit.record(tx, audit_record(event, &shipment.shipment)).await.map_err(ShippingError::from)?;
    let Applied::Changed(next) = reported else { return Ok((Recorded::Ignored, None)) };
    let change = ChangedShipment::step(shipment, next);
    store::save_changes(tx, &[], std::slice::from_ref(&change), now).await?;
    let message = progressed(&change, event.status, event.occurred_at, trace, now);
    let leased = outbox::append(tx, vec![message], relay).await.map_err(ShippingError::from)?;
    Ok((Recorded::Advanced, Some(leased)))
}

fn audit_record(event: &CarrierEvent, before: &Shipment) -> AuditRecord {
    AuditRecord {
        action: "shipment.report",
        subject: format!("shipment:{}", event.tracking_number),
        reason: event.note.clone(),
        before: Some(json!({ "status": before.status() })),
        after: Some(json!({ "reported": event.status, "occurred_at": event.occurred_at })),
    }
}

/// Events are refused while the booking is being cancelled, because the result of the cancellation decides. If the
/// carrier already has the shipment, the booking becomes `Booked` again, and a repeated event is accepted.
fn named_shipment(
    booking: Option<StoredBooking>,
    number: &TrackingNumber,
) -> Result<(StoredShipment, Trace), CarrierEventError> {
    let stored = booking.ok_or(CarrierEventError::UnknownTrackingNumber)?;
    if stored.booking == Booking::Cancelling {
        return Err(ShipmentRefusal::BeingCancelled.into());
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

/// The message to the order. Its id is derived from shipment and milestone, so that the order receives each milestone
/// once, however often it is reported.
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
