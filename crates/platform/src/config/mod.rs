//! Settings from the environment or the command line, and secrets from files too. One section per file. Each process
//! flattens the sections it needs.

mod ca_file;
mod database;
mod environment;
mod load;
mod message_signing;
mod metrics;
mod passwords;
mod rabbitmq;
mod redis;
mod runtime;
mod secret_files;
mod signing_keys;
mod telemetry;

pub use database::{DatabaseArgs, DirectDatabaseArgs, ReplicaArgs};
pub use environment::{Environment, EnvironmentArgs, ProviderArgs};
pub use load::{Settings, load, parse_command};
pub use message_signing::MessageSigningArgs;
pub use metrics::MetricsArgs;
pub use passwords::{known_password, known_password_in_url, login_in_url};
pub use rabbitmq::RabbitmqArgs;
pub use redis::RedisArgs;
pub use runtime::RuntimeArgs;
pub use signing_keys::signing_key_problem;
pub use telemetry::{LogFormat, TelemetryArgs};
