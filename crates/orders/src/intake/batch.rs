//! Stores a batch, whatever happens on the way, and answers everybody in it.
//!
//! - A broken connection, a deadlock: the batch is run again. That is safe even when the commit went through and only
//!   its answer was lost: ids are given out before the first run, so a key that names the very id that we wanted to
//!   store was stored by ourselves, and counts as placed, not as a repeat.
//! - The database is away, or something else is locked: everybody learns that orders can't be stored.
//! - Anything else is the fault of one of them: the batch is halved until the culprit stands alone.
//! - A key that another process holds for longer than the lock timeout: the same, but from then on nobody waits long
//!   for a lock, so that the rest go through soon.

use super::committer::Turn;
use super::in_flight::Claim;
use super::placement::Placement;
use super::stats::Counters;
use super::{Accepted, IntakeLimits, NewOrder};
use crate::error::PlaceOrderError;
use crate::store;
use crate::store::idempotency_keys::KeptKey;
use domain::Timestamp;
use domain::saga::Pace;
use messaging::Relay;
use messaging::outbox::{self, Parcel};
use sqlx::PgPool;
use sqlx::postgres::PgDatabaseError;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::field::display;

/// What a batch may take with all its halves; then those that are left learn that orders can't be stored.
const BATCH_LIMIT: Duration = Duration::from_secs(10);
/// As many as a pool may hold connections that died just now: each run finds out about one.
const RERUNS_MAX: usize = 16;
/// How long to wait for a key once it is known that another process holds one for too long; before, the session's own
/// lock timeout holds (`platform::postgres`), which is longer than any honest transaction.
const LOCK_WAIT_SHORT_MS: u16 = 50;
const LOCK_TIMEOUT: &str = "55P03";
/// What Postgres names when it waited for a key in vain.
const KEYS: &str = "idempotency_keys";
/// SQLSTATE class of a server that has no disk, memory or connection left.
const OUT_OF_RESOURCES: &str = "53";
/// How long the committers rest then, so that a full disk is not tried a hundred times a second.
const REST: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(super) struct BatchContext {
    pub pool: PgPool,
    pub relay: Relay,
    pub stats: Arc<Counters>,
    pub limits: IntakeLimits,
    pub pace: Pace,
}

/// What is to be stored, and who is to be answered.
struct Placing {
    claim: Claim,
    placement: Placement,
}

enum BatchError {
    /// The database is away or too slow.
    Unavailable(sqlx::Error),
    /// Another process holds one of the keys.
    Locked,
    /// One of the batch can't be stored.
    Faulty(sqlx::Error),
}

/// Earlier uses of keys, by the key's place in the batch.
type Earlier = HashMap<usize, KeptKey>;

pub(super) async fn store(context: &BatchContext, batch: Vec<(NewOrder, Claim)>, turn: Turn) {
    let now = platform::clock::now();
    let placing = |(new, claim)| Placing { claim, placement: Placement::of(new, context.pace, now) };
    let ends_at = Instant::now() + BATCH_LIMIT;
    let mut run = Run { context, now, ends_at, impatient: false, turn: Some(turn) };
    let mut parts = vec![batch.into_iter().map(placing).collect::<Vec<_>>()];
    while let Some(part) = parts.pop() {
        parts.extend(run.settle(part).await.into_iter().flatten());
    }
}

/// One batch with all its halves.
struct Run<'a> {
    context: &'a BatchContext,
    now: Timestamp,
    ends_at: Instant,
    /// Somebody holds a key for too long.
    impatient: bool,
    /// Until the first commit.
    turn: Option<Turn>,
}

impl Run<'_> {
    /// Stores `part` and answers everybody in it, or returns its halves.
    async fn settle(&mut self, part: Vec<Placing>) -> Option<[Vec<Placing>; 2]> {
        let error = match self.store(&part).await {
            Ok(earlier) => {
                self.answer(part, &earlier);
                return None;
            }
            Err(error) => error,
        };
        match error {
            BatchError::Unavailable(error) => {
                tracing::error!(%error, orders = part.len(), "{} orders can't be stored: {error}", part.len());
                self.refuse(part, PlaceOrderError::Unavailable);
                if is_out_of_resources(&error) {
                    // The turn is kept meanwhile: nobody else tries either.
                    tokio::time::sleep(REST).await;
                }
            }
            BatchError::Locked | BatchError::Faulty(_) if part.len() > 1 => return Some(self.halve(part, &error)),
            BatchError::Locked => self.refuse(part, PlaceOrderError::InProgress),
            BatchError::Faulty(error) => {
                let alone = part.first().map(|placing| &placing.placement);
                let order_id = alone.map(|placement| display(placement.order.id));
                let correlation_id = alone.map(|placement| placement.new.trace.correlation_id.as_str());
                tracing::error!(%error, order.id = order_id, correlation_id, "An order can't be stored: {error}");
                self.refuse(part, PlaceOrderError::Failed);
            }
        }
        None
    }

    fn halve(&mut self, mut part: Vec<Placing>, error: &BatchError) -> [Vec<Placing>; 2] {
        self.impatient |= matches!(error, BatchError::Locked);
        let later = part.split_off(part.len() / 2);
        // The last is taken first.
        [later, part]
    }

    fn answer(&self, part: Vec<Placing>, earlier: &Earlier) {
        let stats = &self.context.stats;
        for (place, Placing { claim, placement }) in part.into_iter().enumerate() {
            let answer = match earlier.get(&place) {
                None => Ok(Accepted { order_id: placement.order.id, replayed: false }),
                Some(kept) if kept.order_id == placement.order.id => {
                    Ok(Accepted { order_id: kept.order_id, replayed: false })
                }
                Some(kept) if kept.fingerprint == placement.new.fingerprint.as_bytes() => {
                    Ok(Accepted { order_id: kept.order_id, replayed: true })
                }
                Some(_) => Err(PlaceOrderError::KeyReused),
            };
            stats.answered(answer);
            claim.settle(answer);
        }
    }

    fn refuse(&self, part: Vec<Placing>, error: PlaceOrderError) {
        for Placing { claim, .. } in part {
            self.context.stats.answered(Err(error));
            claim.settle(Err(error));
        }
    }

    /// Stores `part`, again if need be, and has the relay tell of it.
    async fn store(&mut self, part: &[Placing]) -> Result<Earlier, BatchError> {
        let placements: Vec<_> = part.iter().map(|placing| &placing.placement).collect();
        let mut reruns_left = RERUNS_MAX;
        loop {
            let stored = tokio::time::timeout_at(self.ends_at, self.store_once(&placements)).await;
            let error = match stored {
                Ok(Ok((earlier, told))) => {
                    if let Some(parcel) = told {
                        self.context.relay.carry(parcel);
                    }
                    return Ok(earlier);
                }
                Ok(Err(error)) => error,
                Err(_too_slow) => return Err(BatchError::Unavailable(sqlx::Error::PoolTimedOut)),
            };
            if reruns_left == 0 || !is_worth_a_rerun(&error) {
                return Err(error.into());
            }
            reruns_left -= 1;
            tracing::warn!(%error, "A batch of orders is stored again: {error}");
        }
    }

    /// One transaction: keys, orders, sagas, what is to be said. Four round trips, whatever the size of the batch.
    async fn store_once(&mut self, placements: &[&Placement]) -> Result<(Earlier, Option<Parcel>), sqlx::Error> {
        let mut tx = platform::postgres::begin(&self.context.pool).await?;
        if self.impatient {
            store::idempotency_keys::wait_for_locks(&mut tx, LOCK_WAIT_SHORT_MS).await?;
        }
        let kept_since = self.context.limits.keys_kept_since(self.now);
        let stored = store::insert_orders::insert(&mut tx, placements, kept_since, self.now).await?;
        let earlier = if stored.len() == placements.len() {
            Earlier::new()
        } else {
            store::idempotency_keys::find_keys(&mut tx, placements, &stored).await?
        };
        if stored.len() + earlier.len() != placements.len() {
            // Can't be: a key that stood in the way of ours is locked by then. If it is, nobody gets a false answer.
            return Err(sqlx::Error::RowNotFound);
        }
        if stored.is_empty() {
            tx.rollback().await?;
            return Ok((earlier, None));
        }
        let fresh = placements.iter().filter(|new| stored.contains(&new.order.id));
        let outgoing: Vec<_> = fresh.flat_map(|new| new.outgoing.iter().cloned()).collect();
        let parcel = outbox::append(&mut tx, outgoing, &self.context.relay).await?;
        self.turn = None;
        tx.commit().await?;
        Ok((earlier, Some(parcel)))
    }
}

/// A tie was broken or a connection was lost: the next run may go through. A lock timeout, an exhausted pool or a full
/// disk would only cost the same time again.
fn is_worth_a_rerun(error: &sqlx::Error) -> bool {
    let hopeless = matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
        || is_lock_timeout(error)
        || is_out_of_resources(error);
    platform::postgres::is_transient(error) && !hopeless
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code == LOCK_TIMEOUT)
}

fn is_out_of_resources(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code.starts_with(OUT_OF_RESOURCES))
}

/// Another transaction is about to take the same key: any other lock says nothing about the request.
fn is_held_key(error: &sqlx::Error) -> bool {
    let postgres = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    is_lock_timeout(error) && postgres.and_then(PgDatabaseError::r#where).is_some_and(|waited| waited.contains(KEYS))
}

fn code_of(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

impl From<sqlx::Error> for BatchError {
    fn from(error: sqlx::Error) -> Self {
        match is_held_key(&error) {
            true => Self::Locked,
            false if platform::postgres::is_transient(&error) => Self::Unavailable(error),
            false => Self::Faulty(error),
        }
    }
}
