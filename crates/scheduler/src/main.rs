//! Scheduler: does what time brings about. Composes; holds no rules and no SQL.

mod config;
mod driver;
mod leadership;
mod measure;
mod metrics;
mod queues;
mod tasks;

use anyhow::Context;
use config::{SCHEDULER_METRICS_PORT, SchedulerSettings};
use driver::Desk;
use messaging::Relay;
use messaging::broker::{Links, Probe};
use operations::processes::{Identity, Role, keep_beating};
use operations::schedule::Runner;
use platform::lifecycle::Lifecycle;
use queues::Unattended;
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
    let links = Links::new(&settings.rabbitmq, "orderflow scheduler")?;
    let (relay, lifecycle) = (Relay::default(), Lifecycle::default());
    serve_metrics(&settings, &pool, &lifecycle).await?;

    lifecycle.spawn(messaging::outbox::run(
        pool.clone(),
        links.clone(),
        relay.clone(),
        messaging::outbox::LOOK_EVERY,
        lifecycle.clone(),
    ));
    let (watch, unattended) = queues::watch(Probe::new(links.consuming.clone()));
    lifecycle.spawn(watch.run(lifecycle.clone()));
    start_tasks(&settings, &pool, &relay, &unattended, &lifecycle);
    tracing::info!("scheduler ready");

    let finished = lifecycle.run_until_stopped().await?;
    links.close().await;
    platform::postgres::close(&pool).await;
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Those that the settings name; each runs where it is led.
fn start_tasks(
    settings: &SchedulerSettings,
    pool: &PgPool,
    relay: &Relay,
    unattended: &Unattended,
    lifecycle: &Lifecycle,
) {
    let (now, version) = (platform::clock::now(), env!("CARGO_PKG_VERSION"));
    let identity = Identity::of_this_process(Role::Scheduler, version, settings.tasks.clone(), now);
    let runner = Runner { id: identity.id, name: identity.name() };
    lifecycle.spawn(keep_beating(pool.clone(), identity, metrics::work, lifecycle.clone()));
    let mut tasks = tasks::all(settings, pool, relay, unattended);
    tasks.retain(|task| settings.tasks.iter().any(|name| name == task.name));
    let known = tasks.iter().map(|task| (task.name, task.period)).collect();
    let (campaign, leadership) = leadership::campaign(pool.clone(), runner.clone(), known, settings.lease());
    lifecycle.spawn(campaign.run(lifecycle.clone()));
    let desk = Desk { pool: pool.clone(), runner, leadership, lifecycle: lifecycle.clone() };
    for task in tasks {
        lifecycle.spawn(driver::drive(task, desk.clone()));
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
