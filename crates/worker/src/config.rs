//! The worker's settings.

use domain::messages::Queue;
use payments::PaymentsArgs;
use platform::config::{DatabaseArgs, MetricsArgs, RabbitmqArgs, RuntimeArgs, Settings, TelemetryArgs};
use shipping::ShippingArgs;

pub const WORKER_METRICS_PORT: &str = "WORKER_METRICS_PORT";

/// Carries accepted orders to their end.
#[derive(Debug, clap::Parser)]
#[command(name = "worker", version)]
pub struct WorkerSettings {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub rabbitmq: RabbitmqArgs,
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// Port that the worker serves its metrics on; 0 for any that is free.
    #[arg(long, env = WORKER_METRICS_PORT, default_value_t = 9101)]
    pub worker_metrics_port: u16,
    #[command(flatten)]
    pub saga: orders::SagaArgs,
    #[command(flatten)]
    pub payments: PaymentsArgs,
    #[command(flatten)]
    pub shipping: ShippingArgs,
    /// The queues that this worker takes from; all of them unless told otherwise.
    #[arg(long, env = "WORKER_QUEUES", value_delimiter = ',', default_value = "orders,inventory,payments,shipping")]
    pub queues: Vec<Queue>,
}

impl Settings for WorkerSettings {
    fn problems(&self) -> Vec<String> {
        [self.database.problems(), self.rabbitmq.problems()].concat()
    }
}
