//! State shared by all handlers.

use crate::allowed_origin::AllowedOrigin;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::rate_limits::{OpenStreams, RateLimits};
use accounts::Accounts;
use catalogue::Catalogue;
use futures::FutureExt as _;
use messaging::WriteContext;
use messaging::broker::QueueInspector;
use orders::{Intake, OrderWatch, ReturnArgs};
use payments::PaymentMethods;
use platform::lifecycle::Lifecycle;
use platform::postgres::{ListPool, PoolActivity};
use platform::redis::Redis;
use sqlx::PgPool;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};

/// Handle to the shared state; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Shared>);

#[derive(Debug)]
pub struct Shared {
    /// The common pool, for everything that does not use `vital`.
    pub pool: PgPool,
    /// For lists: a replica while it is recent enough, otherwise the common pool.
    pub lists: ListPool,
    /// Reserved connections for health checks, intake, and reads of prices and accounts, so that other requests can't
    /// starve them.
    pub vital: PgPool,
    pub pool_activity: PoolActivity,
    pub accounts: Accounts,
    pub catalogue: Catalogue,
    pub intake: Intake,
    pub order_watch: OrderWatch,
    /// Payment methods that the configured gateway accepts.
    pub payment_methods: PaymentMethods,
    /// For changes: the common pool, the relay, and the scale of the sagas' timeouts.
    pub write: WriteContext,
    /// Reads queue depths and consumers from the broker.
    pub queue_inspector: QueueInspector,
    pub redis: Redis,
    pub lifecycle: Lifecycle,
    pub metrics: Metrics,
    /// One permit per request in progress.
    pub requests: Semaphore,
    /// One permit per open order stream.
    pub streams: Arc<Semaphore>,
    /// The open streams of each account or API key.
    pub streams_by_principal: OpenStreams,
    pub rate_limits: RateLimits,
    /// The web pages that may call the API from a browser.
    pub cors_origins: Vec<AllowedOrigin>,
    pub options: Options,
}

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, each set by its name")]
pub struct Options {
    /// Whether sign-up hides that an e-mail address is registered already.
    pub hides_registered_emails: bool,
    /// Number of our own proxies between clients and this process.
    pub trusted_proxies: usize,
    /// Whether `/docs` and `/openapi.json` are served.
    pub serves_docs: bool,
    /// Whether the port for clients serves metrics, processes and health in detail.
    pub serves_operators: bool,
    /// Whether the page at `/docs` shows the demo accounts.
    pub shows_demo_accounts: bool,
    /// Whether orders without an address are refused.
    pub requires_ship_to: bool,
    /// How long goods may be returned.
    pub returns: ReturnArgs,
}

impl AppState {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Runs `work` on a task of its own, so that it completes even if the client disconnects: a change must not stop
    /// half-way.
    pub async fn run_detached<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        // A panic fails this request, not the process. Sending fails when the client has disconnected, which is fine.
        let work = AssertUnwindSafe(work).catch_unwind();
        self.lifecycle.spawn(async move { drop(sender.send(work.await)) });
        match receiver.await {
            Ok(Ok(outcome)) => outcome.map_err(Into::into),
            Ok(Err(panic)) => Err(Problem::panicked(panic.as_ref())),
            Err(_dropped) => Err(Problem::internal("the process is stopping")),
        }
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
