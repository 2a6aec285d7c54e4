//! Scheduler: does what time brings about. Composes; holds no rules and no SQL.

mod config;
mod driver;
mod measure;
mod metrics;
mod tasks;

use anyhow::Context;
use config::{SCHEDULER_METRICS_PORT, SchedulerSettings};
use messaging::Waker;
use messaging::broker::Links;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The backstop for what a crash left in the outbox: no process announces those rows.
const RELAY_LOOKS_EVERY: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let settings: SchedulerSettings = platform::config::load();
    platform::telemetry::start(&settings.telemetry)?;
    let pool = platform::postgres::pool(&settings.database, "orderflow scheduler").context("the pool")?;
    let links = Links::new(&settings.rabbitmq, "orderflow scheduler")?;
    let (waker, lifecycle) = (Waker::default(), Lifecycle::default());
    serve_metrics(&settings, &pool, &lifecycle).await?;

    lifecycle.spawn(messaging::outbox::run(
        pool.clone(),
        links.clone(),
        waker.clone(),
        RELAY_LOOKS_EVERY,
        lifecycle.clone(),
    ));
    for task in tasks::all(&settings, &pool, &waker) {
        lifecycle.spawn(driver::run(task, lifecycle.clone()));
    }
    tracing::info!("scheduler ready");

    let finished = lifecycle.run_until_stopped().await?;
    links.close().await;
    platform::postgres::close(&pool).await;
    Ok(if finished { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn serve_metrics(settings: &SchedulerSettings, pool: &PgPool, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    platform::metrics::start("scheduler", pool);
    messaging::metrics::register();
    orders::metrics::register();
    metrics::register();
    lifecycle.spawn(measure::run(pool.clone(), lifecycle.clone()));
    let (host, port) = (settings.metrics.metrics_host, settings.scheduler_metrics_port);
    let listener = platform::metrics::listen(host, port, SCHEDULER_METRICS_PORT).await?;
    lifecycle.spawn(platform::metrics::serve(listener, lifecycle.clone()));
    Ok(())
}
