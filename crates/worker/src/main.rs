//! Worker: consumes the queues and passes their messages to the slices. Only composes; contains no business rules and
//! no SQL.

mod config;
mod queues;
mod recipients;

use anyhow::Context;
use config::{WORKER_METRICS_PORT, WorkerSettings};
use domain::messages::Queue;
use messaging::broker::BrokerConnections;
use messaging::metrics::{Traffic, traffic};
use messaging::{RelayHandle, WriteContext};
use operations::processes::{ProcessCounts, ProcessInfo, Role, run_heartbeat};
use platform::lifecycle::Lifecycle;
use platform::metrics;
use platform::postgres::Pools;
use std::process::ExitCode;

/// Connections of the relay and the heartbeat; consumers share the others.
const VITAL_CONNECTIONS: u32 = 2;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let settings: WorkerSettings = platform::config::load();
    platform::runtime::run(&settings.runtime.clone(), run(settings))
}

async fn run(settings: WorkerSettings) -> anyhow::Result<ExitCode> {
    platform::telemetry::start(&settings.telemetry)?;
    let pools = platform::postgres::pools(&settings.database, "orderflow worker", VITAL_CONNECTIONS);
    let pools = pools.context("the pools")?;
    let connections = BrokerConnections::new(&settings.rabbitmq, "orderflow worker")?;
    let (relay, lifecycle) = (RelayHandle::default(), Lifecycle::default());
    platform::postgres::check_sessions(&pools.vital, &settings.database, &lifecycle);
    serve_metrics(&settings, &pools, &lifecycle).await?;

    let (pool, time_scale) = (pools.common.clone(), settings.saga.time_scale());
    let write = WriteContext { pool, relay: relay.clone(), time_scale };
    queues::start(&settings, &write, &connections, &lifecycle)?;
    lifecycle.spawn(messaging::outbox::run(
        pools.vital.clone(),
        connections.clone(),
        relay,
        messaging::outbox::POLL_INTERVAL,
        lifecycle.clone(),
    ));
    let queues: Vec<_> = settings.queues.iter().map(ToString::to_string).collect();
    let heartbeat = run_heartbeat(
        pools.vital.clone(),
        process_info(queues.clone()),
        process_counts(settings.queues),
        lifecycle.clone(),
    );
    lifecycle.spawn(heartbeat);
    tracing::info!(queues = queues.join(","), "worker ready");

    let finished = lifecycle.run_until_stopped().await?;
    connections.close().await;
    platform::postgres::close(&pools.common).await;
    platform::postgres::close(&pools.vital).await;
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn process_info(queues: Vec<String>) -> ProcessInfo {
    ProcessInfo::of_current_process(Role::Worker, env!("CARGO_PKG_VERSION"), queues, platform::clock::now())
}

fn process_counts(queues: Vec<Queue>) -> impl Fn() -> ProcessCounts {
    move || {
        let Traffic { in_flight, handled, retried, dead } = traffic(&queues);
        ProcessCounts { in_flight, handled, retried, dead }
    }
}

async fn serve_metrics(settings: &WorkerSettings, pools: &Pools, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    metrics::start("worker", &[&pools.vital, &pools.common]);
    messaging::metrics::register();
    orders::metrics::register();
    let (host, port) = (settings.metrics.metrics_host, settings.worker_metrics_port);
    let listener = metrics::listen(host, port, WORKER_METRICS_PORT).await?;
    lifecycle.spawn(metrics::serve(listener, lifecycle.clone()));
    Ok(())
}
