//! What a report about a shipment changes: its state, and what its order gets to know. Pure, no I/O.

use crate::progressed::{failed, progressed};
use crate::recorded::Recorded;
use crate::store::StoredShipment;
use domain::Timestamp;
use domain::applied::Applied;
use domain::shipment::{CarrierReport, DeliveryException, Milestone, ReportKind, Shipment, ShipmentStatus};
use messaging::{Outgoing, Trace};

#[derive(Debug)]
pub(crate) struct Effect {
    pub recorded: Recorded,
    /// The shipment after the report.
    pub shipment: StoredShipment,
    pub messages: Vec<Outgoing>,
}

pub(crate) fn effect_of(
    shipment: &StoredShipment,
    report: CarrierReport,
    occurred_at: Timestamp,
    trace: &Trace,
    now: Timestamp,
) -> Effect {
    match report.kind() {
        ReportKind::Milestone(milestone) => effect_of_milestone(shipment, milestone, occurred_at, trace, now),
        ReportKind::Exception(exception) => effect_of_exception(shipment, exception, occurred_at, trace, now),
    }
}

fn effect_of_milestone(
    stored: &StoredShipment,
    milestone: Milestone,
    occurred_at: Timestamp,
    trace: &Trace,
    now: Timestamp,
) -> Effect {
    let mut shipment = stored.clone();
    let recorded = match shipment.shipment.clone().report(milestone, occurred_at) {
        Ok(Applied::Unchanged) => return Effect { recorded: Recorded::Ignored, shipment, messages: Vec::new() },
        Ok(Applied::Changed(next)) => {
            shipment.shipment = next;
            Recorded::Advanced
        }
        Err(_not_booked_or_cancelled) => Recorded::Kept,
    };
    if is_delivered(&shipment) {
        shipment.exception = shipment.exception.filter(|exception| exception.remains_after_delivery());
    }
    let messages = vec![progressed(&shipment, milestone, occurred_at, trace.clone(), now)];
    Effect { recorded, shipment, messages }
}

/// Only what the carrier has can go wrong: the report of the hand-over is missing, if it has not arrived.
fn effect_of_exception(
    stored: &StoredShipment,
    exception: DeliveryException,
    occurred_at: Timestamp,
    trace: &Trace,
    now: Timestamp,
) -> Effect {
    let (mut shipment, mut messages) = (stored.clone(), Vec::new());
    if let (Shipment::Booked(_), Ok(Applied::Changed(next))) =
        (&stored.shipment, stored.shipment.clone().report(Milestone::HandedOver, occurred_at))
    {
        shipment.shipment = next;
        messages.push(progressed(&shipment, Milestone::HandedOver, occurred_at, trace.clone(), now));
    }
    shipment.exception = exception.reported_after(shipment.exception, is_delivered(&shipment));
    messages.push(failed(&shipment, exception, occurred_at, trace.clone(), now));
    Effect { recorded: Recorded::Kept, shipment, messages }
}

fn is_delivered(shipment: &StoredShipment) -> bool {
    shipment.shipment.status() == ShipmentStatus::Delivered
}
