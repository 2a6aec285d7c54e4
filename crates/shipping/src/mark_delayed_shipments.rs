//! Marks what is later than promised, once a level, and tells the order. Safe in any number of processes at once: a
//! shipment is locked, its level rises by one, and the message of each level has one id.

use crate::config::DelayLevels;
use crate::error::ShippingError;
use crate::store::{self, LateShipment, Look};
use domain::Timestamp;
use domain::messages::{Reply, ShipmentDelayed};
use messaging::{Outgoing, Relay, outbox};
use sqlx::PgPool;

/// Looks at no more than `limit` shipments that are due for a look, and says how many there were; as many as `limit`
/// means that more may be due. A shipment that is several levels late rises by one a look.
pub async fn mark_delayed_shipments(
    pool: &PgPool,
    relay: &Relay,
    levels: &DelayLevels,
    now: Timestamp,
    limit: u32,
) -> Result<usize, ShippingError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let late = store::lock_late_shipments(&mut tx, now, limit).await?;
    if late.is_empty() {
        return Ok(0);
    }
    let looks: Vec<_> = late.into_iter().map(|late| look(late, levels, now)).collect();
    let marked: Vec<_> = looks.iter().filter(|look| look.level > look.late.level).collect();
    store::insert_delays(&mut tx, &marked, now).await?;
    let messages: Vec<_> = marked.iter().map(|look| delayed(look, now)).collect();
    store::save_looks(&mut tx, &looks, now).await?;
    let parcel = outbox::append(&mut tx, messages, relay).await?;
    tx.commit().await?;
    relay.carry(parcel);
    Ok(looks.len())
}

fn look(late: LateShipment, levels: &DelayLevels, now: Timestamp) -> Look {
    let next = late.level + 1;
    match levels.reached_at(next, late.promised_by) {
        Some(reached_at) if reached_at <= now => {
            Look { level: next, next_delay_at: levels.reached_at(next + 1, late.promised_by), late }
        }
        yet_to_come => Look { level: late.level, next_delay_at: yet_to_come, late },
    }
}

fn delayed(look: &Look, now: Timestamp) -> Outgoing {
    let LateShipment { order_id, id, promised_by, ref trace, .. } = look.late;
    let level = look.level;
    let reply = Reply::ShipmentDelayed(ShipmentDelayed { order_id, shipment_id: id, level, promised_by });
    Outgoing::new(order_id, &reply, format!("{id}/{level}"), trace.clone(), now)
}
