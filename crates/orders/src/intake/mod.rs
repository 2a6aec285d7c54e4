//! Intake: accepts orders one by one, stores them in batches, and responds to each request after the commit.
//!
//! [`Intake::place`] puts an order into a queue. A committer task receives all orders that wait and stores them with
//! set-based SQL in one transaction ([`batch`]): idempotency keys, orders with lines and timelines, sagas, and outbox
//! messages. A single order is stored at once; a thousand concurrent ones share a few dozen commits.

mod batch;
mod committer;
mod earlier_use;
mod in_flight;
mod limits;
mod queue;
mod unpaid_limits;

use crate::error::PlaceOrderError;
use crate::idempotency_key::{Fingerprint, IdempotencyKey};
use crate::metrics;
use crate::new_order::{Accepted, NewOrder};
use batch::BatchContext;
use domain::Timestamp;
use domain::ids::PrincipalId;
use in_flight::{Admission, InFlight, KeyName, OutcomeReceiver};
use messaging::WriteContext;
use platform::lifecycle::Lifecycle;
use queue::Request;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use unpaid_limits::UnpaidLimits;

pub use earlier_use::prune_keys;
pub use limits::{IntakeLimits, KeyLifetime, UnpaidArgs};

/// How often a request may be a follower of a failed leader with a different body before it is refused.
const ATTEMPTS_MAX: usize = 8;

/// A handle on the committers; cheap to clone. The committers end when the process stops and no clone is left.
#[derive(Debug, Clone)]
pub struct Intake {
    queue: mpsc::Sender<Request>,
    in_flight: Arc<InFlight>,
    pool: PgPool,
    limits: IntakeLimits,
    unpaid: Arc<UnpaidLimits>,
}

impl Intake {
    pub fn start(write: WriteContext, limits: IntakeLimits, lifecycle: &Lifecycle) -> Self {
        metrics::register_intake();
        let pool = write.pool.clone();
        let context = BatchContext { write, limits };
        let queue = committer::start(&context, lifecycle);
        let unpaid = Arc::new(UnpaidLimits::new(limits.unpaid));
        Self { queue, in_flight: Arc::default(), pool, limits, unpaid }
    }

    /// Stores the order, or finds the order that its key was used for. Returns after the commit. Cancelling this future
    /// is safe: an order that is being stored is stored, an order that is still in the queue is dropped.
    pub async fn place(&self, new_order: NewOrder) -> Result<Accepted, PlaceOrderError> {
        for _attempt in 0..ATTEMPTS_MAX {
            let (principal, route, key) = (new_order.principal, new_order.route, new_order.key.clone());
            match self.in_flight.admit(KeyName { principal, route, key }, new_order.fingerprint) {
                Admission::Leader(key_guard, receiver) => {
                    return self.admit(Request::new(new_order, key_guard), receiver).await;
                }
                Admission::Follower(receiver) => {
                    let outcome = receiver.await.map_err(|_| PlaceOrderError::Unavailable)?;
                    if let Some(result) = outcome.for_follower(new_order.fingerprint) {
                        return result;
                    }
                }
                Admission::Full => return Err(PlaceOrderError::Overloaded),
            }
        }
        Err(PlaceOrderError::InProgress)
    }

    /// The order that an earlier request with this key placed, if there is one. For a repeated request that can't be
    /// priced any more, because one of its products has been withdrawn since.
    pub async fn find_replay(
        &self,
        principal: PrincipalId,
        route: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Accepted>, PlaceOrderError> {
        let kept_since = self.limits.keys.kept_since(platform::clock::now());
        let Some(stored) = earlier_use::find_earlier_use(&self.pool, (principal, route, key), kept_since).await? else {
            return Ok(None);
        };
        if stored.fingerprint != fingerprint.as_bytes() {
            return Err(PlaceOrderError::KeyReused);
        }
        Ok(Some(stored.replayed()))
    }

    /// Keys that were first used before this time have expired, whatever their route.
    pub fn keys_kept_since(&self, now: Timestamp) -> Timestamp {
        self.limits.keys.kept_since(now)
    }

    /// A repeat of an order that was placed gets the first response, also when its customer has reached a limit since.
    async fn admit(&self, request: Request, receiver: OutcomeReceiver) -> Result<Accepted, PlaceOrderError> {
        let new = &request.new_order;
        let refused = match self.unpaid.admit(new, &self.pool).await {
            Ok(_until_stored) => return self.enqueue(request, receiver).await,
            Err(refused) => refused,
        };
        let earlier = Box::pin(self.find_replay(new.principal, new.route, &new.key, new.fingerprint)).await;
        let result = earlier.and_then(|placed| placed.ok_or(refused));
        metrics::record_intake_outcome(result);
        request.complete(result);
        result
    }

    async fn enqueue(&self, request: Request, receiver: OutcomeReceiver) -> Result<Accepted, PlaceOrderError> {
        // Before the request is sent: a committer may receive it at once.
        metrics::INTAKE_WAITING.inc();
        let sent = self.queue.try_send(request);
        if sent.is_err() {
            metrics::INTAKE_WAITING.dec();
        }
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(request)) => {
                metrics::record_intake_outcome(Err(PlaceOrderError::Overloaded));
                request.complete(Err(PlaceOrderError::Overloaded));
            }
            Err(TrySendError::Closed(request)) => request.complete(Err(PlaceOrderError::Unavailable)),
        }
        receiver.await.map_err(|_| PlaceOrderError::Unavailable)?.for_leader()
    }
}
