//! What handlers share.

use crate::limits;
use crate::metrics::Metrics;
use crate::problem::Problem;
use accounts::Accounts;
use catalogue::Catalogue;
use futures::FutureExt as _;
use messaging::Relay;
use messaging::broker::Probe;
use orders::{FollowedOrders, Intake};
use payments::PaymentMethods;
use platform::lifecycle::Lifecycle;
use platform::postgres::Pulse;
use platform::redis::Redis;
use sqlx::PgPool;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Shared>);

#[derive(Debug)]
pub struct Shared {
    /// For everything that has no share of its own.
    pub pool: PgPool,
    /// What probes ask of; intake, prices and accounts are looked up there, too.
    pub vital: PgPool,
    pub pulse: Pulse,
    pub accounts: Accounts,
    pub catalogue: Catalogue,
    pub intake: Intake,
    pub followed: FollowedOrders,
    /// What an order may be paid with.
    pub payment_methods: PaymentMethods,
    /// How long the saga waits for what, for commands that the api begins.
    pub pace: domain::saga::Pace,
    pub relay: Relay,
    /// Sees the broker as it is.
    pub probe: Probe,
    pub redis: Redis,
    pub lifecycle: Lifecycle,
    pub metrics: Metrics,
    /// One permit a request that is being answered.
    pub requests: Semaphore,
    /// One permit an order that somebody follows.
    pub streams: Arc<Semaphore>,
    pub options: Options,
}

#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether a sign-up hides that its address has an account.
    pub hides_taken_emails: bool,
    /// Proxies of ours between clients and us.
    pub trusted_proxies: usize,
}

impl AppState {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Runs `work` to its end, even if the client goes away meanwhile: what changes something must not stop half-way.
    pub async fn finish<T, E>(&self, work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        // A panic is this request's, not the process's. And nobody may be left to hear the answer.
        let work = AssertUnwindSafe(work).catch_unwind();
        self.lifecycle.spawn(async move { drop(sender.send(work.await)) });
        match receiver.await {
            Ok(Ok(outcome)) => outcome.map_err(Into::into),
            Ok(Err(panic)) => Err(limits::panic_problem(panic.as_ref())),
            Err(_gone) => Err(Problem::internal("the process stops")),
        }
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
