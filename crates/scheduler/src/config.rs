//! The scheduler's settings.

use crate::retention::RetentionArgs;
use crate::task_name::{TASK_NAMES, TaskName};
use inventory::UpkeepArgs;
use payments::ReconcileArgs;
use payments::gateway::GatewaySettings;
use platform::config::{
    DatabaseArgs, EnvironmentArgs, MetricsArgs, RabbitmqArgs, RuntimeArgs, Settings, TelemetryArgs,
};
use shipping::DelayArgs;
use shipping::carriers::CarrierSettings;
use std::time::Duration;

const EXAMPLE: &str = "Example:
  DATABASE_URL=postgres://user:password@localhost/orderflow RABBITMQ_URL=amqp://user:password@localhost/orderflow \\
  scheduler --tasks wake_stalled_sagas,verify";

pub const SCHEDULER_METRICS_PORT: &str = "SCHEDULER_METRICS_PORT";

/// Runs the scheduled tasks: retries stalled sagas, marks delayed shipments, reconciles payments, prunes old rows.
///
/// Every option can also be set by its environment variable.
#[derive(Debug, clap::Parser)]
#[command(name = "scheduler", version, after_help = EXAMPLE)]
pub struct SchedulerSettings {
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
    /// Port that the scheduler serves its metrics on; 0 for any that is free.
    #[arg(long, env = SCHEDULER_METRICS_PORT, default_value_t = 9102)]
    pub scheduler_metrics_port: u16,
    #[command(flatten)]
    pub saga: orders::SagaArgs,
    #[command(flatten)]
    pub carriers: CarrierSettings,
    #[command(flatten)]
    pub payment_gateways: GatewaySettings,
    #[command(flatten)]
    pub delays: DelayArgs,
    #[command(flatten)]
    pub upkeep: UpkeepArgs,
    #[command(flatten)]
    pub reconcile: ReconcileArgs,
    #[command(flatten)]
    pub authorizations: orders::AuthorizationArgs,
    #[command(flatten)]
    pub keys: orders::KeyLifetime,
    #[command(flatten)]
    pub retention: RetentionArgs,
    /// The tasks that this scheduler may run; default all.
    #[arg(long, env = "SCHEDULER_TASKS", value_delimiter = ',', default_value = TASK_NAMES.as_str())]
    pub tasks: Vec<String>,
    /// How long the lease of a task lasts, in seconds: after that another scheduler takes over the tasks of a dead one.
    #[arg(long, env, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub scheduler_lease_seconds: u32,
    /// How often the invariants of all data are verified, in seconds.
    #[arg(long, env, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(1..))]
    pub verify_period_seconds: u32,
}

impl SchedulerSettings {
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.scheduler_lease_seconds.into())
    }

    pub fn verify_period(&self) -> Duration {
        Duration::from_secs(self.verify_period_seconds.into())
    }
}

impl Settings for SchedulerSettings {
    fn problems(&self) -> Vec<String> {
        let unknown = self.tasks.iter().filter(|name| name.parse::<TaskName>().is_err());
        let unknown =
            unknown.map(|name| format!("SCHEDULER_TASKS: there is no task {name}; there are {}", *TASK_NAMES));
        let tasks = unknown.collect();
        let in_production =
            self.environment.in_production(&[self.database.known_passwords(), self.rabbitmq.known_passwords()]);
        let (delays, retention) = (self.delays.problems(), self.retention.problems(self.keys));
        let signing = self.rabbitmq.signing.problems(self.environment.orderflow_env);
        [self.database.problems(), self.rabbitmq.problems(), signing, delays, retention, tasks, in_production].concat()
    }
}
