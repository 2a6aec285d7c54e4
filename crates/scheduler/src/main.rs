//! Scheduler: runs periodic tasks. Only composes; contains no business rules and no SQL.

mod config;
mod driver;
mod erasures;
mod leadership;
mod measure;
mod metrics;
mod queues;
mod retention;
mod task_name;
mod tasks;

use anyhow::Context;
use config::{SCHEDULER_METRICS_PORT, SchedulerSettings};
use driver::DriverContext;
use messaging::broker::{BrokerConnections, QueueInspector};
use messaging::{RelayHandle, WriteContext};
use operations::processes::{ProcessInfo, Role, run_heartbeat};
use operations::schedule::SchedulerId;
use platform::lifecycle::Lifecycle;
use queues::UnconsumedQueues;
use sqlx::PgPool;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let settings: SchedulerSettings = platform::config::load();
    platform::runtime::run(&settings.runtime.clone(), run(settings))
}

async fn run(settings: SchedulerSettings) -> anyhow::Result<ExitCode> {
    platform::telemetry::start(&settings.telemetry)?;
    let pool = platform::postgres::pool(&settings.database, "orderflow scheduler").context("the pool")?;
    let connections = BrokerConnections::new(&settings.rabbitmq, "orderflow scheduler")?;
    let (relay, lifecycle) = (RelayHandle::default(), Lifecycle::default());
    platform::postgres::check_sessions(&pool, &settings.database, &lifecycle);
    serve_metrics(&settings, &pool, &lifecycle).await?;

    lifecycle.spawn(messaging::outbox::run(
        pool.clone(),
        connections.clone(),
        relay.clone(),
        messaging::outbox::POLL_INTERVAL,
        lifecycle.clone(),
    ));
    let (monitor, unconsumed) = queues::monitor(QueueInspector::new(connections.consuming.clone()));
    lifecycle.spawn(monitor.run(lifecycle.clone()));
    let context = WriteContext { pool: pool.clone(), relay, time_scale: settings.saga.time_scale() };
    start_tasks(&settings, &context, &unconsumed, &lifecycle);
    tracing::info!("scheduler ready");

    let finished = lifecycle.run_until_stopped().await?;
    connections.close().await;
    platform::postgres::close(&pool).await;
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts the tasks that the settings name. Each runs only while this scheduler is its leader.
fn start_tasks(
    settings: &SchedulerSettings,
    write: &WriteContext,
    unconsumed: &UnconsumedQueues,
    lifecycle: &Lifecycle,
) {
    let (now, version) = (platform::clock::now(), env!("CARGO_PKG_VERSION"));
    let process_info = ProcessInfo::of_current_process(Role::Scheduler, version, settings.tasks.clone(), now);
    let scheduler = SchedulerId { id: process_info.id, name: process_info.name() };
    lifecycle.spawn(run_heartbeat(write.pool.clone(), process_info, metrics::process_counts, lifecycle.clone()));
    let mut tasks = tasks::all(settings, write, unconsumed);
    tasks.retain(|task| settings.tasks.iter().any(|name| name == task.name));
    let periods = tasks.iter().map(|task| (task.name, task.period)).collect();
    let (keeper, leadership) =
        leadership::keep_leases(write.pool.clone(), scheduler.clone(), periods, settings.lease());
    lifecycle.spawn(keeper.run(lifecycle.clone()));
    let context = DriverContext { pool: write.pool.clone(), scheduler, leadership, lifecycle: lifecycle.clone() };
    for task in tasks {
        lifecycle.spawn(driver::drive(task, context.clone()));
    }
}

async fn serve_metrics(settings: &SchedulerSettings, pool: &PgPool, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    platform::metrics::start("scheduler", &[pool]);
    messaging::metrics::register();
    orders::metrics::register();
    metrics::register();
    lifecycle.spawn(measure::run(pool.clone(), lifecycle.clone()));
    let (host, port) = (settings.metrics.metrics_host, settings.scheduler_metrics_port);
    let listener = platform::metrics::listen(host, port, SCHEDULER_METRICS_PORT).await?;
    lifecycle.spawn(platform::metrics::serve(listener, lifecycle.clone()));
    Ok(())
}
