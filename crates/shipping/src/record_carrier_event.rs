//! Use case: records a milestone that a carrier, a vendor or an admin reports for a shipment.

use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::store::{self, ChangedShipment, NewEvent, StoredBooking, StoredShipment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::ShipmentId;
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Booking, Milestone, Shipment, ShipmentRefusal, TrackingNumber, Waybill};
use messaging::{Outgoing, Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;

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
    context: &WriteContext,
    event: CarrierEvent,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Recorded>),
) -> Result<Recorded, CarrierEventError> {
    let mut work = UnitOfWork::begin(context).await.map_err(ShippingError::from)?;
    let (recorded, changes) = record(&mut work, &event, now, audit).await?;
    audit.store_response(&mut work, &recorded).await.map_err(ShippingError::from)?;
    work.commit(changes, now).await?;
    Ok(recorded)
}

/// Returns the effect of the event, and the changes that it causes.
async fn record(
    work: &mut UnitOfWork,
    event: &CarrierEvent,
    now: Timestamp,
    audit: &impl AuditSink,
) -> Result<(Recorded, ShippingChanges), CarrierEventError> {
    let mut changes = ShippingChanges::default();
    let order = store::find_order_of_tracking_number(work, &event.tracking_number).await?;
    let order = order.ok_or(CarrierEventError::UnknownTrackingNumber)?;
    let booking = store::lock_bookings(work, &[order]).await?.remove(&order);
    let (shipment, trace) = named_shipment(booking, &event.tracking_number)?;
    let reported = shipment.shipment.clone().report(event.status, event.occurred_at)?;
    if store::insert_events(work, &[row(shipment.id, event)], now).await? == 0 {
        return Ok((Recorded::Duplicate, changes));
    }
    audit.record(work, audit_record(event, &shipment.shipment)).await.map_err(ShippingError::from)?;
    let Applied::Changed(next) = reported else { return Ok((Recorded::Ignored, changes)) };
    let change = ChangedShipment::step(shipment, next);
    work.send([progressed(&change, event.status, event.occurred_at, trace, now)]);
    changes.shipments.push(change);
    Ok((Recorded::Advanced, changes))
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
