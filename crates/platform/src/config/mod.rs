//! Settings from the environment or the command line, one section per file. Each process flattens the sections it
//! needs.

mod database;
mod load;
mod metrics;
mod rabbitmq;
mod redis;
mod runtime;
mod telemetry;

pub use database::DatabaseArgs;
pub use load::{Environment, EnvironmentArgs, Settings, load};
pub use metrics::MetricsArgs;
pub use rabbitmq::RabbitmqArgs;
pub use redis::RedisArgs;
pub use runtime::RuntimeArgs;
pub use telemetry::{LogFormat, TelemetryArgs};
