//! The scheduler's settings.

use platform::config::{DatabaseArgs, MetricsArgs, RabbitmqArgs, Settings, TelemetryArgs};
use shipping::ShippingArgs;

pub const SCHEDULER_METRICS_PORT: &str = "SCHEDULER_METRICS_PORT";

/// Does what time brings about: stalled sagas, the simulated carrier, what a crash left unsent.
#[derive(Debug, clap::Parser)]
#[command(name = "scheduler", version)]
pub struct SchedulerSettings {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub rabbitmq: RabbitmqArgs,
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// Port that the scheduler serves its metrics on; 0 for any that is free.
    #[arg(long, env = SCHEDULER_METRICS_PORT, default_value_t = 9102)]
    pub scheduler_metrics_port: u16,
    #[command(flatten)]
    pub saga: orders::SagaArgs,
    #[command(flatten)]
    pub shipping: ShippingArgs,
    /// How long idempotency keys live, in seconds.
    #[arg(long, env, default_value_t = 259_200, value_parser = clap::value_parser!(u32).range(60..))]
    pub idempotency_ttl_seconds: u32,
}

impl Settings for SchedulerSettings {
    fn problems(&self) -> Vec<String> {
        [self.database.problems(), self.rabbitmq.problems()].concat()
    }
}
