//! Advances shipments of the simulated carrier that are due for their next milestone. Safe to run in several processes
//! at once.

use super::SimulatedCarrier;
use super::settings::TransitTimes;
use super::store::{DueShipment, lock_due_shipments};
use crate::carriers::RegisteredCarrier;
use crate::changes::ShippingChanges;
use crate::error::ShippingError;
use crate::progressed::progressed;
use crate::store::{self, ChangedShipment, NewEvent};
use domain::Timestamp;
use domain::applied::Applied;
use domain::shipment::Milestone;
use messaging::{Outgoing, UnitOfWork, WriteContext};

/// Advances at most `limit` shipments by one milestone each, and returns their number. If it equals `limit`, more may
/// be due.
pub(super) async fn advance_shipments(
    context: &WriteContext,
    transit_times: &TransitTimes,
    now: Timestamp,
    limit: u32,
) -> Result<usize, ShippingError> {
    let mut work = UnitOfWork::begin(context).await?;
    let due = lock_due_shipments(&mut work, transit_times, now, limit).await?;
    let steps: Vec<_> = due.into_iter().filter_map(|due| next_step(due, now)).collect();
    if steps.is_empty() {
        return Ok(0);
    }
    let moved = steps.len();
    let source = format!("carrier:{}", SimulatedCarrier::NAME);
    let events: Vec<_> = steps.iter().map(|step| event(step, &source, now)).collect();
    store::insert_events(&mut work, &events, now).await?;
    let (shipments, messages): (Vec<_>, Vec<_>) = steps.into_iter().map(|step| (step.change, step.message)).unzip();
    work.send(messages);
    work.commit(ShippingChanges { shipments, ..ShippingChanges::default() }, now).await?;
    Ok(moved)
}

struct Step {
    change: ChangedShipment,
    milestone: Milestone,
    message: Outgoing,
}

fn next_step(due: DueShipment, now: Timestamp) -> Option<Step> {
    let milestone = due.stored.shipment.next_milestone()?;
    let Ok(Applied::Changed(next)) = due.stored.shipment.clone().report(milestone, now) else { return None };
    let change = ChangedShipment::step(due.stored, next);
    let message = progressed(&change.to, milestone, now, due.trace, now);
    Some(Step { change, milestone, message })
}

fn event<'a>(step: &Step, source: &'a str, now: Timestamp) -> NewEvent<'a> {
    NewEvent { shipment_id: step.change.to.id, status: step.milestone.into(), occurred_at: now, source, note: None }
}
