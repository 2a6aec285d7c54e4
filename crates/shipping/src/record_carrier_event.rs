//! Use case: records a milestone that a carrier, a vendor or an admin reports for a shipment.

use crate::carriers;
use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::progressed::progressed;
use crate::shipment_key::ShipmentKey;
use crate::store::{self, ChangedShipment, NewEvent, StoredShipment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::ShipmentId;
use domain::shipment::{Booking, Milestone, Shipment, ShipmentRefusal, Waybill};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgConnection;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierEvent {
    pub shipment: ShipmentKey,
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
    #[error("there is no such shipment")]
    UnknownShipment,
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
    let (shipment, trace) = lock_shipment(work, &event.shipment).await?;
    let reported = shipment.shipment.clone().report(event.status, event.occurred_at)?;
    ensure_tracked(&shipment.shipment)?;
    if store::insert_events(work, &[row(shipment.id, event)], now).await? == 0 {
        return Ok((Recorded::Duplicate, changes));
    }
    audit.record(work, audit_record(event, shipment.id, &shipment.shipment)).await.map_err(ShippingError::from)?;
    let Applied::Changed(next) = reported else { return Ok((Recorded::Ignored, changes)) };
    let change = ChangedShipment::step(shipment, next);
    work.send([progressed(&change, event.status, event.occurred_at, trace, now)]);
    changes.shipments.push(change);
    Ok((Recorded::Advanced, changes))
}

fn audit_record(event: &CarrierEvent, id: ShipmentId, before: &Shipment) -> AuditRecord {
    let number = before.waybill().map_or_else(|| id.to_string(), |waybill| waybill.tracking_number.to_string());
    AuditRecord {
        action: "shipment.report",
        subject: format!("shipment:{number}"),
        reason: event.note.clone(),
        before: Some(json!({ "status": before.status() })),
        after: Some(json!({ "reported": event.status, "occurred_at": event.occurred_at })),
    }
}

/// Locks the shipment, and its booking. Refused while the booking is being cancelled, because the result of the
/// cancellation decides. If the carrier already has the shipment, the booking becomes `Booked` again, and a repeated
/// event is accepted.
pub(crate) async fn lock_shipment(
    tx: &mut PgConnection,
    key: &ShipmentKey,
) -> Result<(StoredShipment, Trace), CarrierEventError> {
    let order = store::find_order(tx, key).await?.ok_or(CarrierEventError::UnknownShipment)?;
    let booking = store::lock_bookings(tx, &[order]).await?.remove(&order);
    let stored = booking.ok_or(CarrierEventError::UnknownShipment)?;
    match stored.booking {
        Booking::Cancelling => return Err(ShipmentRefusal::BeingCancelled.into()),
        Booking::Amending { .. } => return Err(ShipmentRefusal::BeingAmended.into()),
        Booking::Requested | Booking::Booked | Booking::Refused { .. } | Booking::Cancelled => {}
    }
    let shipment = stored.shipments.into_iter().find(|shipment| key.names(shipment.id, shipment.tracking_number()));
    Ok((shipment.ok_or(CarrierEventError::UnknownShipment)?, stored.trace))
}

/// Customers get the tracking number no later than the first milestone.
fn ensure_tracked(shipment: &Shipment) -> Result<(), ShipmentRefusal> {
    let is_missing =
        |waybill: &Waybill| waybill.carrier_name.is_none() && carriers::is_tracking_entered(&waybill.carrier);
    if shipment.waybill().is_some_and(is_missing) { Err(ShipmentRefusal::NoTrackingNumber) } else { Ok(()) }
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
