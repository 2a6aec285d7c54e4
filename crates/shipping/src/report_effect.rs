//! What a report about a shipment changes: its state, and what its order gets to know. Pure, no I/O.

use crate::exception_change::ExceptionChange;
use crate::progressed::{failed, progressed};
use crate::recorded::Recorded;
use crate::store::{ChangedShipment, StoredShipment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::shipment::{CarrierReport, DeliveryException, Milestone, Shipment};
use messaging::{Outgoing, Trace};

#[derive(Debug)]
pub(crate) struct Effect {
    pub recorded: Recorded,
    pub change: Option<ChangedShipment>,
    pub messages: Vec<Outgoing>,
    pub exception: ExceptionChange,
}

impl Effect {
    pub const fn of(recorded: Recorded) -> Self {
        Self { recorded, change: None, messages: Vec::new(), exception: ExceptionChange::Keep }
    }
}

pub(crate) fn effect_of(
    shipment: &StoredShipment,
    report: CarrierReport,
    occurred_at: Timestamp,
    trace: &Trace,
    now: Timestamp,
) -> Effect {
    match (report.milestone(), report.exception()) {
        (Some(milestone), _) => effect_of_milestone(shipment, milestone, occurred_at, trace, now),
        (None, Some(exception)) => effect_of_exception(shipment, exception, occurred_at, trace, now),
        (None, None) => Effect::of(Recorded::Kept),
    }
}

fn effect_of_milestone(
    shipment: &StoredShipment,
    milestone: Milestone,
    occurred_at: Timestamp,
    trace: &Trace,
    now: Timestamp,
) -> Effect {
    let reported = shipment.shipment.clone().report(milestone, occurred_at);
    let message = |shipment: &StoredShipment| vec![progressed(shipment, milestone, occurred_at, trace.clone(), now)];
    match reported {
        Ok(Applied::Unchanged) => Effect::of(Recorded::Ignored),
        Ok(Applied::Changed(next)) => {
            let change = ChangedShipment::step(shipment.clone(), next);
            let messages = message(&change.to);
            let exception =
                if milestone == Milestone::Delivered { ExceptionChange::Clear } else { ExceptionChange::Keep };
            Effect { recorded: Recorded::Advanced, change: Some(change), messages, exception }
        }
        Err(_not_booked_or_cancelled) => Effect { messages: message(shipment), ..Effect::of(Recorded::Kept) },
    }
}

/// Only what the carrier has can go wrong: the report of the hand-over is missing, if it has not arrived.
fn effect_of_exception(
    shipment: &StoredShipment,
    exception: DeliveryException,
    occurred_at: Timestamp,
    trace: &Trace,
    now: Timestamp,
) -> Effect {
    let mut messages = Vec::new();
    let mut change = None;
    if let (Shipment::Booked(_), Ok(Applied::Changed(next))) =
        (&shipment.shipment, shipment.shipment.clone().report(Milestone::HandedOver, occurred_at))
    {
        messages.push(progressed(shipment, Milestone::HandedOver, occurred_at, trace.clone(), now));
        change = Some(ChangedShipment::step(shipment.clone(), next));
    }
    messages.push(failed(shipment, exception, occurred_at, trace.clone(), now));
    Effect { recorded: Recorded::Kept, change, messages, exception: ExceptionChange::Set(exception) }
}
