//! Use case: a vendor or an admin enters the company that transports a shipment, and its tracking number there.

use crate::carriers;
use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::record_carrier_event::{CarrierEventError, LockedShipment, lock_shipment};
use crate::shipment_key::ShipmentKey;
use crate::store::{ChangedShipment, StoredShipment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::shipment::{CarrierName, ShipmentRefusal, TrackingNumber, Waybill};
use messaging::{UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingEntry {
    pub shipment: ShipmentKey,
    pub carrier_name: CarrierName,
    pub tracking_number: TrackingNumber,
}

#[derive(Debug, thiserror::Error)]
pub enum EnterTrackingError {
    #[error("another shipment has the tracking number `{0}`")]
    NumberTaken(TrackingNumber),
    #[error(transparent)]
    Shipment(#[from] CarrierEventError),
}

/// Stores the entry, which replaces an earlier one. Possible from the booking to the hand-over, and only with carriers
/// that issue no tracking numbers.
pub async fn enter_tracking(
    context: &WriteContext,
    entry: TrackingEntry,
    now: Timestamp,
    audit: &impl AuditSink,
) -> Result<(), EnterTrackingError> {
    let mut work = UnitOfWork::begin(context).await.map_err(ShippingError::from).map_err(CarrierEventError::from)?;
    let LockedShipment { shipment, is_being_changed, .. } = lock_shipment(&mut work, &entry.shipment).await?;
    if is_being_changed {
        return Err(CarrierEventError::from(ShipmentRefusal::BeingChanged).into());
    }
    let Applied::Changed(change) = entered(shipment, &entry)? else { return Ok(()) };
    let record = audit_record(&entry, &change.before, &change.after.to);
    audit.record(&mut work, record).await.map_err(ShippingError::from).map_err(CarrierEventError::from)?;
    let changes = ShippingChanges { shipments: vec![change.after], ..ShippingChanges::default() };
    work.commit(changes, now).await.map_err(|error| refused(error, entry.tracking_number))
}

struct Entered {
    before: Waybill,
    after: ChangedShipment,
}

fn entered(stored: StoredShipment, entry: &TrackingEntry) -> Result<Applied<Entered>, CarrierEventError> {
    let TrackingEntry { carrier_name, tracking_number, .. } = entry.clone();
    let before = stored.shipment.waybill().cloned();
    let next = stored.shipment.clone().enter_tracking(carrier_name, tracking_number)?;
    match (before, next) {
        (Some(before), _) if !carriers::is_tracking_entered(&before.carrier) => {
            Err(ShipmentRefusal::TrackedByCarrier.into())
        }
        (Some(before), Applied::Changed(next)) => {
            Ok(Applied::Changed(Entered { before, after: ChangedShipment::step(stored, next) }))
        }
        (_, Applied::Unchanged) | (None, _) => Ok(Applied::Unchanged),
    }
}

fn audit_record(entry: &TrackingEntry, before: &Waybill, after: &StoredShipment) -> AuditRecord {
    let carrier_before = before.carrier_name.as_ref().map(CarrierName::as_str);
    AuditRecord {
        action: "shipment.enter_tracking",
        subject: format!("shipment:{}", after.id),
        reason: None,
        before: Some(json!({ "carrier": carrier_before, "tracking_number": before.tracking_number.as_str() })),
        after: Some(json!({
            "carrier": entry.carrier_name.as_str(),
            "tracking_number": entry.tracking_number.as_str(),
        })),
    }
}

/// The only unique index that a shipment's update can violate is that of tracking numbers.
fn refused(error: ShippingError, number: TrackingNumber) -> EnterTrackingError {
    match &error {
        ShippingError::Database(sqlx::Error::Database(database)) if database.is_unique_violation() => {
            EnterTrackingError::NumberTaken(number)
        }
        _ => CarrierEventError::from(error).into(),
    }
}
