//! Scheduled task: marks shipments that are later than promised, once per delay level, and publishes a message to the
//! order. Safe to run in several processes at once: each shipment is locked, its level rises by one, and the message id
//! is derived from shipment and level.

use crate::changes::ShippingChanges;
use crate::config::DelayLevels;
use crate::error::ShippingError;
use crate::store::{self, DelayCheck, LateShipment};
use domain::Timestamp;
use domain::messages::{Reply, ShipmentDelayed};
use messaging::{Outgoing, UnitOfWork, WriteContext};

/// Checks at most `limit` due shipments and returns their number. If it equals `limit`, more may be due. A shipment
/// that has reached several levels rises by one per check.
pub async fn mark_delayed_shipments(
    context: &WriteContext,
    levels: &DelayLevels,
    now: Timestamp,
    limit: u32,
) -> Result<usize, ShippingError> {
    let mut work = UnitOfWork::begin(context).await?;
    let late = store::lock_late_shipments(&mut work, now, limit).await?;
    if late.is_empty() {
        return Ok(0);
    }
    let delay_checks: Vec<_> = late.into_iter().map(|late| check(late, levels, now)).collect();
    let marked: Vec<_> = delay_checks.iter().filter(|check| check.level > check.late.level).collect();
    store::insert_delays(&mut work, &marked, now).await?;
    work.send(marked.iter().map(|check| delayed(check, now)));
    let checked = delay_checks.len();
    work.commit(ShippingChanges { delay_checks, ..ShippingChanges::default() }, now).await?;
    Ok(checked)
}

fn check(late: LateShipment, levels: &DelayLevels, now: Timestamp) -> DelayCheck {
    let next = late.level + 1;
    match levels.reached_at(next, late.promised_by) {
        Some(reached_at) if reached_at <= now => {
            DelayCheck { level: next, next_delay_at: levels.reached_at(next + 1, late.promised_by), late }
        }
        not_reached => DelayCheck { level: late.level, next_delay_at: not_reached, late },
    }
}

fn delayed(check: &DelayCheck, now: Timestamp) -> Outgoing {
    let LateShipment { order_id, id, promised_by, ref trace, .. } = check.late;
    let level = check.level;
    let reply = Reply::ShipmentDelayed(ShipmentDelayed { order_id, shipment_id: id, level, promised_by });
    Outgoing::new(order_id, &reply, format!("{id}/{level}"), trace.clone(), now)
}
