//! Intake: takes orders one by one, stores them by the batch, and answers each.
//!
//! [`Intake::place`] puts an order into a queue. Committer tasks take all that wait and store them with set-based SQL
//! in one transaction ([`batch`]): the keys, the orders with their lines and timelines, their sagas, and what is to be
//! said. One order alone goes at once; a thousand share a few dozen commits.

mod batch;
mod committer;
mod idempotency;
mod in_flight;
mod limits;
mod placement;
mod stats;

use crate::error::PlaceOrderError;
use crate::metrics;
use batch::BatchContext;
use committer::Request;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::money::Money;
use domain::order::placing::{Note, PaymentMethod, PricedLine};
use domain::saga::Pace;
use in_flight::{Answer, InFlight, KeyName, Turn};
use messaging::{Relay, Trace};
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

pub use idempotency::{BadIdempotencyKey, Fingerprint, IdempotencyKey, KEY_LENGTH_MAX, prune_keys};
pub use limits::IntakeLimits;
pub(crate) use placement::Placement;
pub use stats::IntakeStats;

/// How often a request may find that another one, with another body, came before it under its key and failed.
const TURNS_MAX: usize = 8;

/// The door to the committers; cheap to clone. They end when the process stops and no clone is left.
#[derive(Debug, Clone)]
pub struct Intake {
    queue: mpsc::Sender<Request>,
    in_flight: Arc<InFlight>,
    stats: Arc<stats::Counters>,
    pool: PgPool,
    limits: IntakeLimits,
}

/// An order to be placed, checked and priced.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub customer_id: UserId,
    /// What the key is for, such as `POST /orders`.
    pub route: &'static str,
    pub key: IdempotencyKey,
    pub fingerprint: Fingerprint,
    /// As `domain::order::placing` priced them.
    pub lines: Vec<PricedLine>,
    pub total: Money,
    pub payment_method: PaymentMethod,
    pub note: Option<Note>,
    pub trace: Trace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    pub order_id: OrderId,
    /// True when this is the answer to an earlier request with the same key.
    pub replayed: bool,
}

impl Intake {
    pub fn start(pool: PgPool, relay: Relay, pace: Pace, limits: IntakeLimits, lifecycle: &Lifecycle) -> Self {
        metrics::register_intake();
        let stats = Arc::new(stats::Counters::default());
        let context = BatchContext { pool: pool.clone(), relay, stats: Arc::clone(&stats), limits, pace };
        let queue = committer::start(&context, lifecycle);
        Self { queue, in_flight: Arc::default(), stats, pool, limits }
    }

    /// Stores the order, or finds that its key was used before. Answers after the commit. Whoever stops waiting harms
    /// nobody: an order that is being stored is stored, one that still waits is dropped.
    pub async fn place(&self, new: NewOrder) -> Result<Accepted, PlaceOrderError> {
        for _turn in 0..TURNS_MAX {
            let name = KeyName { principal: new.customer_id, route: new.route, key: new.key.clone() };
            match self.in_flight.enter(name, new.fingerprint) {
                Turn::First(claim, answer) => return self.enqueue(Request::new(new, claim), answer).await,
                Turn::Twin(answer) => {
                    let outcome = answer.await.map_err(|_| PlaceOrderError::Unavailable)?;
                    if let Some(answer) = outcome.to_twin(new.fingerprint) {
                        return answer;
                    }
                }
                Turn::Crowded => return Err(PlaceOrderError::Overloaded),
            }
        }
        Err(PlaceOrderError::InProgress)
    }

    /// The answer that was given before to this request, if any: for one that can't be priced any more, because a SKU
    /// has left the catalogue since.
    pub async fn answer_to(
        &self,
        principal: UserId,
        route: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Accepted>, PlaceOrderError> {
        let kept_since = self.limits.keys_kept_since(platform::clock::now());
        let Some(kept) = idempotency::earlier_answer(&self.pool, (principal, route, key), kept_since).await? else {
            return Ok(None);
        };
        if kept.fingerprint != fingerprint.as_bytes() {
            return Err(PlaceOrderError::KeyReused);
        }
        Ok(Some(Accepted { order_id: kept.order_id, replayed: true }))
    }

    /// Keys that were first used before then are forgotten, whatever they were used for.
    pub fn keys_kept_since(&self, now: Timestamp) -> Timestamp {
        self.limits.keys_kept_since(now)
    }

    pub fn stats(&self) -> IntakeStats {
        self.stats.read(self.queue.max_capacity() - self.queue.capacity())
    }

    async fn enqueue(&self, request: Request, answer: Answer) -> Result<Accepted, PlaceOrderError> {
        // Before it is there: a committer may take it at once.
        metrics::INTAKE_WAITING.inc();
        let sent = self.queue.try_send(request);
        if sent.is_err() {
            metrics::INTAKE_WAITING.dec();
        }
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(request)) => {
                self.stats.answered(Err(PlaceOrderError::Overloaded));
                request.settle(Err(PlaceOrderError::Overloaded));
            }
            Err(TrySendError::Closed(request)) => request.settle(Err(PlaceOrderError::Unavailable)),
        }
        answer.await.map_err(|_| PlaceOrderError::Unavailable)?.to_first()
    }
}
