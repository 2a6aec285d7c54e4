//! Stores a batch of orders and responds to every request in it.
//!
//! - A key that another process holds for longer than the lock timeout: the batch is split in halves until the order with
//!   that key is alone. From then on the lock timeout is short, so that the other orders are stored soon.
//! - A broken connection or a deadlock: the batch is run again. That is safe even when the commit succeeded and only
//!   its response was lost. Order ids are generated before the first run, so a stored key with the id of our own order
//!   was stored by us, and counts as placed rather than as a replay.
//! - The database is unavailable or too slow, or a lock other than that of a key times out: every request of the batch
//!   fails as unavailable.
//! - Any other error is assumed to be caused by one of the orders: the batch is split in halves until that order is
//!   alone.

use super::in_flight::KeyGuard;
use super::limits::IntakeLimits;
use super::queue::ReceiverGuard;
use crate::error::{PlaceOrderError, StoreError};
use crate::metrics;
use crate::new_order::{Accepted, NewOrder};
use crate::placement::Placement;
use crate::store;
use crate::store::external_refs::{self, RefHolder};
use crate::store::idempotency_keys::StoredKey;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::OrderNumber;
use messaging::{NoChanges, UnitOfWork, WriteContext};
use sqlx::PgConnection;
use sqlx::postgres::PgDatabaseError;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;
use tracing::field::display;

/// The time limit for a batch with all its parts; the orders that are not stored by then fail as unavailable.
const BATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// More than intake's pool has connections by default: each run detects at most one broken connection.
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
/// The pause after the server ran out of disk space, memory or connections, so that the committers don't try a hundred
/// times per second.
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
    /// [`BATCH_TIMEOUT`] has passed.
    TooSlow,
    Unavailable(sqlx::Error),
    /// Another process holds one of the keys.
    Locked,
    /// One of the orders can't be stored.
    Faulty(sqlx::Error),
}

/// What became of the orders of a part. Each has its number, or its index is in one of the other maps.
#[derive(Default)]
struct Outcomes {
    stored: HashMap<OrderId, OrderNumber>,
    earlier_uses: HashMap<usize, StoredKey>,
    /// Orders whose reference another order has.
    taken_refs: HashMap<usize, RefHolder>,
}

pub(super) async fn store_batch(context: &BatchContext, batch: Vec<(NewOrder, KeyGuard)>, receiver: ReceiverGuard) {
    let now = platform::clock::now();
    let pending = |(new_order, key_guard)| PendingOrder {
        key_guard,
        placement: Placement::of(new_order, context.write.time_scale, now),
    };
    let ends_at = Instant::now() + BATCH_TIMEOUT;
    let mut run = BatchRun { context, now, ends_at, short_lock_timeout: false, receiver: Some(receiver) };
    let mut parts = with_distinct_refs(batch.into_iter().map(pending).collect());
    while let Some(part) = parts.pop() {
        parts.extend(run.process(part).await.into_iter().flatten());
    }
}

/// The batch in parts in which no two orders have the same reference of the same customer: one part, unless a client
/// sends one reference twice at the same moment. The parts are a stack: the last one is processed first.
fn with_distinct_refs(batch: Vec<PendingOrder>) -> Vec<Vec<PendingOrder>> {
    if batch.iter().all(|pending| pending.placement.new_order.details.external_ref.is_none()) {
        return vec![batch];
    }
    let (mut parts, mut rest) = (Vec::new(), batch);
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let (part, repeated) = rest.into_iter().partition(|PendingOrder { placement, .. }| {
            let (customer, details) = (placement.new_order.customer_id, &placement.new_order.details);
            details.external_ref.clone().is_none_or(|name| seen.insert((customer, name)))
        });
        parts.insert(0, part);
        rest = repeated;
    }
    parts
}

/// One batch with all its parts.
struct BatchRun<'a> {
    context: &'a BatchContext,
    now: Timestamp,
    ends_at: Instant,
    /// Another process holds a key for too long.
    short_lock_timeout: bool,
    /// Released just before the first COMMIT, so that another committer inserts while this one waits for the disk.
    receiver: Option<ReceiverGuard>,
}

impl BatchRun<'_> {
    /// Stores `part` and responds to its requests, or returns its halves.
    async fn process(&mut self, part: Vec<PendingOrder>) -> Option<[Vec<PendingOrder>; 2]> {
        match self.store_with_reruns(&part).await {
            Ok(outcomes) => respond(part, &outcomes),
            Err(error @ (BatchError::Locked | BatchError::Faulty(_))) if part.len() > 1 => {
                return Some(self.split(part, &error));
            }
            Err(error) => fail(part, error).await,
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
    async fn store_with_reruns(&mut self, part: &[PendingOrder]) -> Result<Outcomes, BatchError> {
        let placements: Vec<_> = part.iter().map(|pending| &pending.placement).collect();
        let mut reruns_left = RERUNS_MAX;
        loop {
            let outcome = tokio::time::timeout_at(self.ends_at, self.store_once(&placements)).await;
            let error = match outcome {
                Ok(Ok(outcomes)) => return Ok(outcomes),
                Ok(Err(error)) => error,
                Err(_elapsed) => return Err(BatchError::TooSlow),
            };
            if reruns_left == 0 || !is_worth_a_rerun(&error) {
                return Err(error.into());
            }
            reruns_left -= 1;
            tracing::warn!(%error, "Storing a batch of orders failed and is repeated: {error}");
        }
    }

    /// One transaction: keys, orders, sagas, messages. Whatever the size of the batch, it takes four round trips (BEGIN,
    /// orders, outbox, COMMIT), one more to read earlier uses of keys, one to set a short lock timeout, and one each to
    /// find references, and to insert recipients, metadata and exchanges, if one of the orders has any.
    async fn store_once(&mut self, placements: &[&Placement]) -> Result<Outcomes, sqlx::Error> {
        let mut work = UnitOfWork::begin(&self.context.write).await?;
        if self.short_lock_timeout {
            store::idempotency_keys::set_lock_timeout(&mut work, SHORT_LOCK_TIMEOUT_MS).await?;
        }
        let kept_since = self.context.limits.keys.kept_since(self.now);
        let outcomes = insert(&mut work, placements, kept_since, self.now).await.map_err(database_error)?;
        if outcomes.stored.is_empty() {
            work.rollback().await?;
            return Ok(outcomes);
        }
        let is_stored = |placement: &&&Placement| outcomes.stored.contains_key(&placement.order.id);
        let stored: Vec<_> = placements.iter().filter(is_stored).copied().collect();
        store::recipients::insert(&mut work, &stored, self.now).await?;
        store::metadata::insert(&mut work, &stored).await?;
        store::exchanges::insert(&mut work, &stored).await?;
        work.send(stored.iter().flat_map(|placement| placement.outgoing.iter().cloned()));
        self.receiver = None;
        work.commit(NoChanges, self.now).await?;
        Ok(outcomes)
    }
}

/// Inserts the orders whose keys and references are unused, and finds out why the others can't be inserted.
async fn insert(
    tx: &mut PgConnection,
    placements: &[&Placement],
    kept_since: Timestamp,
    now: Timestamp,
) -> Result<Outcomes, StoreError> {
    let holders = external_refs::find_holders(tx, placements).await?;
    let is_free = |(index, _): &(usize, &&Placement)| !holders.contains_key(index);
    let free: Vec<_> = placements.iter().enumerate().filter(is_free).map(|(_, placement)| *placement).collect();
    let stored = store::insert_orders::insert(tx, &free, kept_since, now).await?;
    if stored.len() == placements.len() {
        return Ok(Outcomes { stored, ..Outcomes::default() });
    }
    let earlier_uses = store::idempotency_keys::find_keys(tx, placements, &stored, kept_since).await?;
    // The reference of a repeated request is that of its own order.
    let taken_refs: HashMap<_, _> =
        holders.into_iter().filter(|(index, _)| !earlier_uses.contains_key(index)).collect();
    if stored.len() + earlier_uses.len() + taken_refs.len() != placements.len() {
        // Impossible: an existing row that conflicts with our key is locked by our insert, so it is found. An error
        // makes sure that no request gets a wrong response if it happens anyway.
        return Err(sqlx::Error::RowNotFound.into());
    }
    Ok(Outcomes { stored, earlier_uses, taken_refs })
}

fn database_error(error: StoreError) -> sqlx::Error {
    match error {
        StoreError::Database(error) => error,
        StoreError::Inconsistent(error) => sqlx::Error::Decode(error.into()),
    }
}

fn respond(part: Vec<PendingOrder>, outcomes: &Outcomes) {
    for (index, PendingOrder { key_guard, placement }) in part.into_iter().enumerate() {
        let result = outcomes.of(index, &placement);
        metrics::record_intake_outcome(result);
        key_guard.complete(result);
    }
}

impl Outcomes {
    fn of(&self, index: usize, placement: &Placement) -> Result<Accepted, PlaceOrderError> {
        let order_id = placement.order.id;
        if let Some(earlier_use) = self.earlier_uses.get(&index) {
            return match earlier_use {
                own if own.order_id == order_id => Ok(Accepted { replayed: false, ..own.replayed() }),
                used if used.fingerprint == placement.new_order.fingerprint.as_bytes() => Ok(used.replayed()),
                _ => Err(PlaceOrderError::KeyReused),
            };
        }
        if let Some(RefHolder { order_id, order_number }) = self.taken_refs.get(&index).copied() {
            return Err(PlaceOrderError::ExternalRefTaken { order_id, order_number });
        }
        let order_number = *self.stored.get(&order_id).ok_or(PlaceOrderError::Failed)?;
        Ok(Accepted { order_id, order_number, replayed: false })
    }
}

/// Fails the requests of a part that is not split.
async fn fail(part: Vec<PendingOrder>, error: BatchError) {
    match error {
        BatchError::TooSlow => {
            tracing::error!(orders = part.len(), "{} orders were not stored within {BATCH_TIMEOUT:?}", part.len());
            refuse(part, PlaceOrderError::Unavailable);
        }
        BatchError::Unavailable(error) => {
            tracing::error!(%error, orders = part.len(), "{} orders can't be stored: {error}", part.len());
            refuse(part, PlaceOrderError::Unavailable);
            if is_out_of_resources(&error) {
                // Unless a commit has released it, the receiver is held during the pause, so that no other committer
                // tries.
                tokio::time::sleep(OUT_OF_RESOURCES_PAUSE).await;
            }
        }
        BatchError::Locked => refuse(part, PlaceOrderError::InProgress),
        BatchError::Faulty(error) => {
            let faulty = part.first().map(|pending| &pending.placement);
            let order_id = faulty.map(|placement| display(placement.order.id));
            let correlation_id = faulty.map(|placement| placement.new_order.trace.correlation_id.as_str());
            tracing::error!(%error, order.id = order_id, correlation_id, "An order can't be stored: {error}");
            refuse(part, PlaceOrderError::Failed);
        }
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
    is_ref_race(error) || (platform::postgres::is_transient(error) && !hopeless)
}

/// Another transaction has stored an order with one of the references since this one looked for them: the next run
/// finds it.
fn is_ref_race(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.constraint() == Some(external_refs::UNIQUE_INDEX))
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
