//! The scheduler's settings.

use platform::config::{DatabaseArgs, RabbitmqArgs, Settings, TelemetryArgs};
use shipping::ShippingArgs;

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
