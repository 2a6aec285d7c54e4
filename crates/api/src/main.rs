//! The api process: serves the HTTP API, stores orders and relays the messages of its own outbox rows to the broker.
//! It composes the other crates; no business rules, no SQL.

use accounts::{Accounts, LoginLimits, LoginThrottle, PasswordHasher, Tokens};
use anyhow::Context;
use api::server::ServerLimits;
use api::{API_METRICS_PORT, ApiSettings, AppState, Metrics, OpenStreams, Options, RateLimits, Shared, server};
use catalogue::Catalogue;
use messaging::broker::{BrokerConnections, QueueInspector};
use messaging::{RelayHandle, WriteContext};
use operations::processes::{ProcessCounts, ProcessInfo, Role, run_heartbeat};
use orders::{Intake, OrderWatch};
use platform::config::Environment;
use platform::lifecycle::Lifecycle;
use platform::postgres::{ListPool, Pools};
use platform::redis::Redis;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections of the vital pool besides one per committer: for the relay, the heartbeat, health checks, and reads of
/// prices and accounts.
const VITAL_CONNECTIONS: u32 = 4;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let settings: ApiSettings = platform::config::load();
    platform::runtime::run(&settings.runtime.clone(), run(settings))
}

async fn run(settings: ApiSettings) -> anyhow::Result<ExitCode> {
    platform::telemetry::start(&settings.telemetry)?;
    let lifecycle = Lifecycle::default();
    let vital = u32::from(settings.intake.intake_committers) + VITAL_CONNECTIONS;
    let pools = platform::postgres::pools(&settings.database, "orderflow api", vital)
        .context("can't create the database pools")?;
    platform::postgres::check_sessions(&pools.vital, &settings.database, &lifecycle);
    let connections = BrokerConnections::new(&settings.rabbitmq, "orderflow api")?;
    platform::metrics::start("api", &[&pools.vital, &pools.common]);
    messaging::metrics::register();
    orders::metrics::register();
    accounts::metrics::register();
    api::register_rate_limits();
    let shared = shared(&settings, &pools, &connections, &lifecycle)?;

    let address = (settings.http.api_host, settings.http.api_port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address:?}"))?;
    let relay = shared.write.relay.clone();
    lifecycle.spawn(messaging::outbox::run(
        pools.vital.clone(),
        connections.clone(),
        relay,
        messaging::outbox::POLL_INTERVAL,
        lifecycle.clone(),
    ));
    let state = AppState::new(shared);
    lifecycle.spawn(run_heartbeat(
        pools.vital.clone(),
        process_info(),
        process_counts(state.clone()),
        lifecycle.clone(),
    ));
    if let Some(port) = settings.http.api_metrics_port {
        let operators = platform::metrics::listen(settings.metrics.metrics_host, port, API_METRICS_PORT).await?;
        let router = api::operators_router(state.clone());
        lifecycle.spawn(server::serve(operators, router, ServerLimits::default(), lifecycle.clone()));
    }
    let router = api::router(state);
    lifecycle.spawn(server::serve(listener, router, settings.http.server_limits(), lifecycle.clone()));
    tracing::info!(host = %address.0, port = address.1, "api ready");

    let finished = lifecycle.run_until_stopped().await?;
    connections.close().await;
    platform::postgres::close(&pools.common).await;
    platform::postgres::close(&pools.vital).await;
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn process_info() -> ProcessInfo {
    ProcessInfo::of_current_process(Role::Api, env!("CARGO_PKG_VERSION"), Vec::new(), platform::clock::now())
}

fn process_counts(state: AppState) -> impl Fn() -> ProcessCounts {
    move || ProcessCounts {
        in_flight: state.metrics.in_flight(),
        handled: state.metrics.handled(),
        ..ProcessCounts::default()
    }
}

fn shared(
    settings: &ApiSettings,
    pools: &Pools,
    connections: &BrokerConnections,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Shared> {
    let (pool, relay, time_scale) = (pools.common.clone(), RelayHandle::default(), settings.saga.time_scale());
    let write = WriteContext { pool, relay, time_scale };
    let intake = WriteContext { pool: pools.vital.clone(), ..write.clone() };
    let redis = Redis::new(&settings.redis).context("REDIS_URL")?;
    let (common, database) = (pools.common.clone(), &settings.database);
    let lists = ListPool::start(common, database, &settings.replica, "orderflow api lists", lifecycle)?;
    let options = Options {
        hides_registered_emails: settings.security.signup_hides_taken_emails,
        trusted_proxies: usize::from(settings.http.trusted_proxies()),
        serves_docs: settings.http.serves_docs(settings.environment.orderflow_env),
        serves_operators: settings.http.api_metrics_port.is_none(),
        shows_demo_accounts: settings.environment.orderflow_env == Environment::Development,
        requires_ship_to: settings.orders.require_ship_to,
        returns: settings.returns,
    };
    Ok(Shared {
        accounts: accounts(settings, pools, &redis).with_list_pool(lists.clone()),
        catalogue: Catalogue::start(pools.vital.clone(), lifecycle),
        order_watch: OrderWatch::start(pools.common.clone(), lifecycle),
        intake: Intake::start(intake, settings.intake, lifecycle),
        payment_methods: settings.payments.payment_gateway.methods,
        pool: pools.common.clone(),
        lists,
        vital: pools.vital.clone(),
        pool_activity: pools.pool_activity.clone(),
        write,
        queue_inspector: QueueInspector::new(connections.consuming.clone()),
        rate_limits: RateLimits::new(&settings.rate_limits, &redis),
        streams_by_principal: OpenStreams::new(settings.rate_limits.streams_per_principal),
        redis,
        lifecycle: lifecycle.clone(),
        metrics: Metrics::new()?,
        requests: Semaphore::new(usize::try_from(settings.http.api_max_requests)?),
        streams: Arc::new(Semaphore::new(usize::try_from(settings.http.api_max_streams)?)),
        cors_origins: settings.http.cors_allowed_origins.clone(),
        options,
    })
}

fn accounts(settings: &ApiSettings, pools: &Pools, redis: &Redis) -> Accounts {
    let tokens = Tokens::new(&settings.security);
    let throttle = LoginThrottle::new(Some(redis.clone()), LoginLimits::default());
    Accounts::new(
        pools.common.clone(),
        tokens,
        PasswordHasher::default(),
        throttle,
        settings.security.session_lifetimes(),
    )
    .with_forbidden_words(settings.security.password_forbidden_words.clone())
    .with_status_pool(pools.vital.clone())
}
