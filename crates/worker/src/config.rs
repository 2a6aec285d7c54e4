//! The worker's settings.

use domain::messages::Queue;
use inventory::AllocationArgs;
use payments::PaymentsArgs;
use platform::config::{
    DatabaseArgs, EnvironmentArgs, MetricsArgs, ProviderArgs, RabbitmqArgs, RuntimeArgs, Settings, TelemetryArgs,
};
use shipping::ShippingArgs;
use std::sync::LazyLock;
use strum::VariantNames;

const EXAMPLE: &str = "Example:
  DATABASE_URL=postgres://user:password@localhost/orderflow RABBITMQ_URL=amqp://user:password@localhost/orderflow \\
  worker --queues payments,shipping";

pub const WORKER_METRICS_PORT: &str = "WORKER_METRICS_PORT";

/// Every queue, as `WORKER_QUEUES` lists them.
static QUEUE_NAMES: LazyLock<String> = LazyLock::new(|| Queue::VARIANTS.join(","));

/// Processes accepted orders: handles the messages of the queues.
///
/// Every option can also be set by its environment variable.
#[derive(Debug, clap::Parser)]
#[command(name = "worker", version, after_help = EXAMPLE)]
pub struct WorkerSettings {
    #[command(flatten)]
    pub environment: EnvironmentArgs,
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
    pub allocation: AllocationArgs,
    #[command(flatten)]
    pub payments: PaymentsArgs,
    #[command(flatten)]
    pub shipping: ShippingArgs,
    #[command(flatten)]
    pub providers: ProviderArgs,
    /// The queues that this worker consumes; default all.
    #[arg(long, env = "WORKER_QUEUES", value_delimiter = ',', default_value = QUEUE_NAMES.as_str())]
    pub queues: Vec<Queue>,
    /// Batches that use the database at once; 0 for one per core, and at least 2. More batches only compete for the
    /// cores and are smaller. With a high latency to the database, a few more are useful.
    #[arg(long, env = "WORKER_BATCHES", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=512))]
    pub batches: u16,
}

impl WorkerSettings {
    /// `None` for the default, one per core.
    pub fn batches_at_once(&self) -> Option<usize> {
        Some(usize::from(self.batches)).filter(|batches| *batches > 0)
    }
}

impl Settings for WorkerSettings {
    fn problems(&self) -> Vec<String> {
        let in_production = self.environment.in_production(&[
            self.database.known_passwords(),
            self.rabbitmq.known_passwords(),
            self.payments.chosen.problems_in_production(&self.providers),
            self.shipping.chosen.problems_in_production(&self.providers),
        ]);
        let signing = self.rabbitmq.signing.problems(self.environment.orderflow_env);
        [self.database.problems(), self.rabbitmq.problems(), signing, in_production].concat()
    }
}
