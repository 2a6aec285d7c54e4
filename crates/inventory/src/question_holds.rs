//! Stock that is held for long: its order is asked whether it still wants it. One that has come to nothing lets go.
//!
//! No order forgets what it holds: each step that is undone is undone until it is answered. What is left is what an
//! operator abandoned. The answer is the usual release, so that only the order decides, and only by its own state.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::messages::{Reply, StockHeldLong};
use messaging::{Outgoing, Trace, Waker, outbox};
use sqlx::PgPool;
use std::time::Duration;

/// What stands in for the request that caused it.
const CORRELATION: &str = "expire_reservations";

/// Asks at most `limit` orders that hold stock for longer than `ttl`, each once a `ttl`, and says how many.
pub async fn question_holds(
    pool: &PgPool,
    waker: &Waker,
    ttl: Duration,
    now: Timestamp,
    limit: u32,
) -> Result<usize, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let holds = store::question_holds(&mut tx, now - ttl, now, limit).await?;
    let messages: Vec<_> = holds.iter().map(|hold| question(hold, now)).collect();
    outbox::append(&mut tx, &messages).await?;
    tx.commit().await?;
    waker.wake();
    Ok(holds.len())
}

fn question(hold: &store::LongHold, now: Timestamp) -> Outgoing {
    let trace = Trace { correlation_id: CORRELATION.to_owned(), causation_id: None, traceparent: None };
    let reply = Reply::StockHeldLong(StockHeldLong { order_id: hold.order_id, held_since: hold.since });
    Outgoing::new(hold.order_id, &reply, now.timestamp_millis(), trace, now)
}
