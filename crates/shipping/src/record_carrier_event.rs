//! Use case: records what a carrier, a vendor or an admin reports about a shipment.
//!
//! A report is evidence, so it is stored whatever has become of the shipment. If it can't advance the shipment, the order
//! gets it all the same, and flags it for a person.

use crate::carriers;
use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::recorded::Recorded;
use crate::report_effect::effect_of;
use crate::shipment_key::ShipmentKey;
use crate::store::{self, ChangedShipment, NewEvent, StoredShipment};
use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::shipment::{CarrierReport, Shipment, ShipmentRefusal, Waybill};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgConnection;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierEvent {
    pub shipment: ShipmentKey,
    pub status: CarrierReport,
    pub occurred_at: Timestamp,
    /// Who reports it: `carrier:<name>`, `vendor:<id>`, `admin:<id>`.
    pub source: String,
    pub note: Option<String>,
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
    let LockedShipment { shipment, is_being_changed, trace } = lock_shipment(work, &event.shipment).await?;
    ensure_tracked(&shipment.shipment)?;
    let is_new = store::insert_events(work, &[row(shipment.id, event)], now).await? > 0;
    if is_new {
        audit.record(work, audit_record(event, shipment.id, &shipment.shipment)).await.map_err(ShippingError::from)?;
    }
    if !is_new {
        return Ok((Recorded::Duplicate, ShippingChanges::default()));
    }
    if is_being_changed {
        return Ok((Recorded::Kept, ShippingChanges::default()));
    }
    let effect = effect_of(&shipment, event.status, event.occurred_at, &trace, now);
    work.send(effect.messages);
    let shipments = ChangedShipment::between(&shipment, effect.shipment).into_iter().collect();
    Ok((effect.recorded, ShippingChanges { shipments, ..ShippingChanges::default() }))
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

/// A shipment, locked with its booking until the transaction ends.
pub(crate) struct LockedShipment {
    pub shipment: StoredShipment,
    /// The carrier is being called to cancel or amend it: the result decides what it becomes.
    pub is_being_changed: bool,
    pub trace: Trace,
}

pub(crate) async fn lock_shipment(
    tx: &mut PgConnection,
    key: &ShipmentKey,
) -> Result<LockedShipment, CarrierEventError> {
    let order = store::find_order(tx, key).await?.ok_or(CarrierEventError::UnknownShipment)?;
    let booking = store::lock_bookings(tx, &[order]).await?.remove(&order);
    let stored = booking.ok_or(CarrierEventError::UnknownShipment)?;
    let is_being_changed = stored.booking.is_locked();
    let shipment = stored.shipments.into_iter().find(|shipment| key.names(shipment.id, shipment.tracking_number()));
    let shipment = shipment.ok_or(CarrierEventError::UnknownShipment)?;
    Ok(LockedShipment { shipment, is_being_changed, trace: stored.trace })
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
        status: event.status,
        occurred_at: event.occurred_at,
        source: &event.source,
        note: event.note.as_deref(),
    }
}
