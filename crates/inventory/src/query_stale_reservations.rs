//! Scheduled task: finds reservations older than the TTL and queries their orders whether they still need the stock. A
//! rejected or cancelled order answers with a release, an active one ignores the query.
//!
//! This is a safety net: a compensation retries its release until it succeeds. Most old reservations belong to orders
//! that wait for a carrier. The release is only missing when an operator abandoned the compensation. The order alone
//! decides, from its own state, so this task never releases stock itself.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::messages::{Reply, ReservationStale};
use messaging::{NoChanges, Outgoing, Trace, UnitOfWork, WriteContext, outbox};
use std::time::Duration;

/// Correlation id of these messages, as no request caused them.
const CORRELATION: &str = "query_stale_reservations";

/// Checks at most `limit` reservations older than `ttl`, each once per `ttl`, and queries the orders that still have
/// reserved lines. Returns the number of checked reservations. If it equals `limit`, there may be more.
pub async fn query_stale_reservations(
    context: &WriteContext,
    ttl: Duration,
    now: Timestamp,
    limit: u32,
) -> Result<usize, StoreError> {
    let mut work = UnitOfWork::begin(context).await?;
    if outbox::is_stalled(&mut work).await? {
        return Ok(0);
    }
    let store::StaleReservations { checked, stale } =
        store::query_stale_reservations(&mut work, now - ttl, now, limit).await?;
    work.send(stale.iter().map(|reservation| query(reservation, now)));
    work.commit(NoChanges, now).await?;
    Ok(checked)
}

fn query(reservation: &store::StaleReservation, now: Timestamp) -> Outgoing {
    let trace = Trace { correlation_id: CORRELATION.to_owned(), causation_id: None, traceparent: None };
    let reply =
        Reply::ReservationStale(ReservationStale { order_id: reservation.order_id, held_since: reservation.since });
    Outgoing::new(reservation.order_id, &reply, now.timestamp_millis(), trace, now)
}
