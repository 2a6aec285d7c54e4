//! Stock that is held for long: its order is asked whether it still wants it. One that has come to nothing lets go.
//!
//! No order forgets what it holds: each step that is undone is undone until it is answered. Most that hold for long wait
//! for their carrier, and say nothing; one whose undo an operator abandoned answers with the usual release. So only the
//! order decides, and only by its own state.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::messages::{Reply, StockHeldLong};
use messaging::{Outgoing, Relay, Trace, outbox};
use sqlx::PgPool;
use std::time::Duration;

/// What stands in for the request that caused it.
const CORRELATION: &str = "expire_reservations";

/// Looks at no more than `limit` reservations that are older than `ttl`, each once a `ttl`, and asks the orders that still
/// hold something. Says how many it looked at; as many as `limit` means that there may be more.
pub async fn question_holds(
    pool: &PgPool,
    relay: &Relay,
    ttl: Duration,
    now: Timestamp,
    limit: u32,
) -> Result<usize, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    if outbox::is_stalled(&mut tx).await? {
        return Ok(0);
    }
    let store::Looked { looked, holds } = store::question_holds(&mut tx, now - ttl, now, limit).await?;
    let messages: Vec<_> = holds.iter().map(|hold| question(hold, now)).collect();
    let parcel = outbox::append(&mut tx, messages, relay).await?;
    tx.commit().await?;
    relay.carry(parcel);
    Ok(looked)
}

fn question(hold: &store::LongHold, now: Timestamp) -> Outgoing {
    let trace = Trace { correlation_id: CORRELATION.to_owned(), causation_id: None, traceparent: None };
    let reply = Reply::StockHeldLong(StockHeldLong { order_id: hold.order_id, held_since: hold.since });
    Outgoing::new(hold.order_id, &reply, now.timestamp_millis(), trace, now)
}
