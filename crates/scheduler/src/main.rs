//! Scheduler: does what time brings about. Composes; holds no rules and no SQL.

mod config;
mod driver;
mod tasks;

use anyhow::Context;
use config::SchedulerSettings;
use messaging::Waker;
use messaging::broker::Links;
use platform::lifecycle::Lifecycle;
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
