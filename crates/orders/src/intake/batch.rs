//! Stores a batch of orders and responds to every request in it.
//!
//! - A broken connection or a deadlock: the batch is run again. That is safe even when the commit succeeded and only
//!   its response was lost. Order ids are generated before the first run, so a stored key with the id of our own order
//!   was stored by us, and counts as placed rather than as a replay.
//! - The database is unavailable, or another lock times out: every request of the batch fails as unavailable.
//! - Any other error is caused by one of the orders: the batch is split in halves until that order is alone.
//! - A key that another process holds for longer than the lock timeout: the batch is split as well, but from then on
//!   with a short lock timeout, so that the other orders are stored soon.

use super::in_flight::KeyGuard;
use super::limits::IntakeLimits;
use super::queue::ReceiverGuard;
use crate::error::PlaceOrderError;
use crate::metrics;
use crate::new_order::{Accepted, NewOrder};
use crate::placement::Placement;
use crate::store;
use crate::store::idempotency_keys::StoredKey;
use domain::Timestamp;
use messaging::{NoChanges, UnitOfWork, WriteContext};
use sqlx::postgres::PgDatabaseError;
use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use tracing::field::display;

/// The time limit for a batch with all its halves; the orders that are not stored by then fail as unavailable.
const BATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// As many as a pool may hold broken connections: each run detects one of them.
const RERUNS_MAX: usize = 16;
/// The lock timeout once it is known that another process holds a key for too long. Before that, the lock timeout of
/// the session applies (`platform::postgres`), which is longer than any normal transaction.
const SHORT_LOCK_TIMEOUT_MS: u16 = 50;
/// SQLSTATE `lock_not_available`.
const LOCK_TIMEOUT: &str = "55P03";
/// The table that Postgres names in the error's context when the lock on a key timed out.
const KEYS: &str = "idempotency_keys";
/// SQLSTATE class of a server without free disk space, memory or connections.
const OUT_OF_RESOURCES: &str = "53";
/// The pause of the committers then, so that they don't retry on a full disk a hundred times per second.
const OUT_OF_RESOURCES_PAUSE: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(super) struct BatchContext {
    pub write: WriteContext,
    pub limits: IntakeLimits,
}

/// An order to store, with the guard through which its requests get the result.
struct PendingOrder {
    key_guard: KeyGuard,
    placement: Placement,
}

enum BatchError {
    /// The database is unavailable or too slow.
    Unavailable(sqlx::Error),
    /// Another process holds one of the keys.
    Locked,
    /// One of the orders can't be stored.
    Faulty(sqlx::Error),
}

/// Earlier uses of keys, by the index of the order in the batch.
type EarlierUses = HashMap<usize, StoredKey>;

pub(super) async fn store(context: &BatchContext, batch: Vec<(NewOrder, KeyGuard)>, receiver: ReceiverGuard) {
    let now = platform::clock::now();
    let pending = |(new_order, key_guard)| PendingOrder {
        key_guard,
        placement: Placement::of(new_order, context.write.time_scale, now),
    };
    let ends_at = Instant::now() + BATCH_TIMEOUT;
    let mut run = BatchRun { context, now, ends_at, short_lock_timeout: false, receiver: Some(receiver) };
    let mut parts = vec![batch.into_iter().map(pending).collect::<Vec<_>>()];
    while let Some(part) = parts.pop() {
        parts.extend(run.process(part).await.into_iter().flatten());
    }
}

/// One batch with all its halves.
struct BatchRun<'a> {
    context: &'a BatchContext,
    now: Timestamp,
    ends_at: Instant,
    /// Another process holds a key for too long.
    short_lock_timeout: bool,
    /// Held until the first commit.
    receiver: Option<ReceiverGuard>,
}

impl BatchRun<'_> {
    /// Stores `part` and responds to its requests, or returns its halves.
    async fn process(&mut self, part: Vec<PendingOrder>) -> Option<[Vec<PendingOrder>; 2]> {
        let error = match self.store(&part).await {
            Ok(earlier) => {
                respond(part, &earlier);
                return None;
            }
            Err(error) => error,
        };
        match error {
            BatchError::Unavailable(error) => {
                tracing::error!(%error, orders = part.len(), "{} orders can't be stored: {error}", part.len());
                refuse(part, PlaceOrderError::Unavailable);
                if is_out_of_resources(&error) {
                    // The receiver is not released during the pause, so that no other committer tries either.
                    tokio::time::sleep(OUT_OF_RESOURCES_PAUSE).await;
                }
            }
            BatchError::Locked | BatchError::Faulty(_) if part.len() > 1 => return Some(self.split(part, &error)),
            BatchError::Locked => refuse(part, PlaceOrderError::InProgress),
            BatchError::Faulty(error) => {
                let faulty = part.first().map(|pending| &pending.placement);
                let order_id = faulty.map(|placement| display(placement.order.id));
                let correlation_id = faulty.map(|placement| placement.new_order.trace.correlation_id.as_str());
                tracing::error!(%error, order.id = order_id, correlation_id, "An order can't be stored: {error}");
                refuse(part, PlaceOrderError::Failed);
            }
        }
        None
    }

    fn split(&mut self, mut part: Vec<PendingOrder>, error: &BatchError) -> [Vec<PendingOrder>; 2] {
        self.short_lock_timeout |= matches!(error, BatchError::Locked);
        let later = part.split_off(part.len() / 2);
        // The parts are a stack: the last one is processed first.
        [later, part]
    }

    /// Stores `part`, in several runs if necessary.
    async fn store(&mut self, part: &[PendingOrder]) -> Result<EarlierUses, BatchError> {
        let placements: Vec<_> = part.iter().map(|pending| &pending.placement).collect();
        let mut reruns_left = RERUNS_MAX;
        loop {
            let stored = tokio::time::timeout_at(self.ends_at, self.store_once(&placements)).await;
            let error = match stored {
                Ok(Ok(earlier)) => return Ok(earlier),
                Ok(Err(error)) => error,
                Err(_too_slow) => return Err(BatchError::Unavailable(sqlx::Error::PoolTimedOut)),
            };
            if reruns_left == 0 || !is_worth_a_rerun(&error) {
                return Err(error.into());
            }
            reruns_left -= 1;
            tracing::warn!(%error, "Storing a batch of orders failed and is repeated: {error}");
        }
    }

    /// One transaction: keys, orders, sagas, messages. Four round trips, whatever the size of the batch.
    async fn store_once(&mut self, placements: &[&Placement]) -> Result<EarlierUses, sqlx::Error> {
        let mut work = UnitOfWork::begin(&self.context.write).await?;
        if self.short_lock_timeout {
            store::idempotency_keys::set_lock_timeout(&mut work, SHORT_LOCK_TIMEOUT_MS).await?;
        }
        let kept_since = self.context.limits.keys.kept_since(self.now);
        let stored = store::insert_orders::insert(&mut work, placements, kept_since, self.now).await?;
        let earlier = if stored.len() == placements.len() {
            EarlierUses::new()
        } else {
            store::idempotency_keys::find_keys(&mut work, placements, &stored).await?
        };
        if stored.len() + earlier.len() != placements.len() {
            // Impossible: an existing row that conflicts with our key is locked by our insert, so it is found. An error
            // makes sure that no request gets a wrong response if it happens anyway.
            return Err(sqlx::Error::RowNotFound);
        }
        if stored.is_empty() {
            work.rollback().await?;
            return Ok(earlier);
        }
        let new_orders = placements.iter().filter(|placement| stored.contains(&placement.order.id));
        work.send(new_orders.flat_map(|placement| placement.outgoing.iter().cloned()));
        self.receiver = None;
        work.commit(NoChanges, self.now).await?;
        Ok(earlier)
    }
}

fn respond(part: Vec<PendingOrder>, earlier: &EarlierUses) {
    for (index, PendingOrder { key_guard, placement }) in part.into_iter().enumerate() {
        let result = match earlier.get(&index) {
            None => Ok(Accepted { order_id: placement.order.id, replayed: false }),
            Some(stored) if stored.order_id == placement.order.id => {
                Ok(Accepted { order_id: stored.order_id, replayed: false })
            }
            Some(stored) if stored.fingerprint == placement.new_order.fingerprint.as_bytes() => {
                Ok(Accepted { order_id: stored.order_id, replayed: true })
            }
            Some(_) => Err(PlaceOrderError::KeyReused),
        };
        metrics::record_intake_outcome(result);
        key_guard.complete(result);
    }
}

fn refuse(part: Vec<PendingOrder>, error: PlaceOrderError) {
    for PendingOrder { key_guard, .. } in part {
        metrics::record_intake_outcome(Err(error));
        key_guard.complete(Err(error));
    }
}

/// After a deadlock or a lost connection the next run may succeed. After a lock timeout, with an exhausted pool or a
/// full disk it would only take the same time again.
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

/// Another transaction is inserting the same key. A timeout of any other lock is not caused by a key.
fn is_key_lock_timeout(error: &sqlx::Error) -> bool {
    let postgres = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    is_lock_timeout(error) && postgres.and_then(PgDatabaseError::r#where).is_some_and(|context| context.contains(KEYS))
}

fn code_of(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

impl From<sqlx::Error> for BatchError {
    fn from(error: sqlx::Error) -> Self {
        match is_key_lock_timeout(&error) {
            true => Self::Locked,
            false if platform::postgres::is_transient(&error) => Self::Unavailable(error),
            false => Self::Faulty(error),
        }
    }
}
