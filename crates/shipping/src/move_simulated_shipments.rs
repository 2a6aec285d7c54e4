//! The simulated carrier at work: what is due takes its next step. Safe in any number of processes at once.

use crate::carriers::{Carrier, simulated::SimulatedCarrier};
use crate::config::Pace;
use crate::error::ShippingError;
use crate::record_carrier_event::progressed;
use crate::store::{self, ChangedShipment, DueShipment, NewEvent};
use domain::Timestamp;
use domain::order::Applied;
use domain::shipment::Milestone;
use messaging::outbox::Parcel;
use messaging::{Outgoing, Relay, outbox};
use sqlx::{PgConnection, PgPool};

/// Moves at most `limit` shipments one step each, and says how many; as many as `limit` means that more may be due.
pub async fn move_simulated_shipments(
    pool: &PgPool,
    relay: &Relay,
    pace: &Pace,
    now: Timestamp,
    limit: u32,
) -> Result<usize, ShippingError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let due = store::lock_due_shipments(&mut tx, now, limit).await?;
    let steps: Vec<_> = due.into_iter().filter_map(|due| next_step(due, pace, now)).collect();
    if steps.is_empty() {
        return Ok(0);
    }
    let moved = steps.len();
    let parcel = save(&mut tx, relay, steps, now).await?;
    tx.commit().await?;
    relay.carry(parcel);
    Ok(moved)
}

struct Step {
    change: ChangedShipment,
    milestone: Milestone,
    message: Outgoing,
}

fn next_step(due: DueShipment, pace: &Pace, now: Timestamp) -> Option<Step> {
    let milestone = due.stored.shipment.next_milestone()?;
    let Ok(Applied::Now(next)) = due.stored.shipment.clone().report(milestone, now) else { return None };
    let next_move_at = next.next_milestone().map(|following| now + pace.before(following));
    let mut change = ChangedShipment::step(due.stored, next);
    change.to.next_move_at = next_move_at;
    let message = progressed(&change, milestone, now, due.trace, now);
    Some(Step { change, milestone, message })
}

async fn save(tx: &mut PgConnection, relay: &Relay, steps: Vec<Step>, now: Timestamp) -> Result<Parcel, ShippingError> {
    let source = format!("carrier:{}", SimulatedCarrier::NAME);
    let events: Vec<_> = steps.iter().map(|step| event(step, &source, now)).collect();
    store::insert_events(tx, &events, now).await?;
    let (changes, messages): (Vec<_>, Vec<_>) = steps.into_iter().map(|step| (step.change, step.message)).unzip();
    store::save_changes(tx, &[], &changes, now).await?;
    Ok(outbox::append(tx, messages, relay).await?)
}

fn event<'a>(step: &Step, source: &'a str, now: Timestamp) -> NewEvent<'a> {
    NewEvent { shipment_id: step.change.to.id, milestone: step.milestone, occurred_at: now, source, note: None }
}
