//! Settings of the api process.

use crate::allowed_origin::AllowedOrigin;
use crate::rate_limits::RateLimitArgs;
use crate::server::ServerLimits;
use accounts::SecurityArgs;
use orders::{IntakeLimits, ReturnArgs, SagaArgs};
use payments::ChosenGateway;
use platform::config::{
    DatabaseArgs, Environment, EnvironmentArgs, MetricsArgs, ProviderArgs, RabbitmqArgs, RedisArgs, ReplicaArgs,
    RuntimeArgs, Settings, TelemetryArgs,
};
use std::net::IpAddr;
use std::time::Duration;

const EXAMPLE: &str = "Example:
  DATABASE_URL=postgres://user:password@localhost/orderflow RABBITMQ_URL=amqp://user:password@localhost/orderflow \\
  REDIS_URL=redis://localhost/0 api --api-port 8000";

pub const API_METRICS_PORT: &str = "API_METRICS_PORT";

/// Serves Orderflow's HTTP API.
///
/// Every option can also be set by its environment variable.
#[derive(Debug, clap::Parser)]
#[command(name = "api", version, after_help = EXAMPLE)]
pub struct ApiSettings {
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub replica: ReplicaArgs,
    #[command(flatten)]
    pub rabbitmq: RabbitmqArgs,
    #[command(flatten)]
    pub redis: RedisArgs,
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
    #[command(flatten)]
    pub runtime: RuntimeArgs,
    #[command(flatten)]
    pub security: SecurityArgs,
    #[command(flatten)]
    pub orders: OrderArgs,
    #[command(flatten)]
    pub returns: ReturnArgs,
    #[command(flatten)]
    pub intake: IntakeLimits,
    #[command(flatten)]
    pub saga: SagaArgs,
    #[command(flatten)]
    pub payments: ChosenGateway,
    #[command(flatten)]
    pub rate_limits: RateLimitArgs,
    #[command(flatten)]
    pub providers: ProviderArgs,
    #[command(flatten)]
    pub metrics: MetricsArgs,
    #[command(flatten)]
    pub http: HttpArgs,
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct OrderArgs {
    /// Refuses orders without `ship_to`.
    #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set)]
    pub require_ship_to: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub struct HttpArgs {
    /// Address that the api listens on.
    #[arg(long, env, default_value = "127.0.0.1")]
    pub api_host: IpAddr,
    /// Port that the api listens on.
    #[arg(long, env, default_value_t = 8000)]
    pub api_port: u16,
    /// Port for operators, at `METRICS_HOST`. With it, metrics, processes and health in detail are served there and not to
    /// clients. Empty: clients can read them.
    #[arg(long, env = API_METRICS_PORT)]
    pub api_metrics_port: Option<u16>,
    /// Whether `/docs` and `/openapi.json` are served. Default: not in production.
    #[arg(long, env, action = clap::ArgAction::Set)]
    pub api_docs: Option<bool>,
    /// Maximum number of open connections; further ones wait to be accepted.
    #[arg(long, env, default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub api_max_connections: u32,
    /// Maximum number of connections per client address (IPv6: per /64 network); further ones are refused with 503. Not
    /// applied behind trusted proxies.
    #[arg(long, env, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub api_max_connections_per_address: u32,
    /// Maximum idle time between two requests of a connection. Must exceed the idle timeout of your load balancer.
    #[arg(long, env, default_value_t = 75, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    pub api_keep_alive_seconds: u16,
    /// Time after which a client that reads nothing of its response is disconnected.
    #[arg(long, env, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    pub api_write_timeout_seconds: u16,
    /// Maximum number of requests in progress; further ones are refused with 503.
    #[arg(long, env, default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub api_max_requests: u32,
    /// Maximum number of open order streams, each on its own connection; further ones are refused with 503.
    #[arg(long, env, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub api_max_streams: u32,
    /// Number of your own proxies in front of the api: that many entries of X-Forwarded-For are trusted, from the
    /// right. 0 if it is not set; production must set it.
    #[arg(long, env, value_parser = clap::value_parser!(u8).range(0..=8))]
    pub api_trusted_proxies: Option<u8>,
    /// Origins of web pages that may call the API from a browser, such as `https://shop.example`; `*` for all, empty for
    /// none.
    #[arg(long, env, value_delimiter = ',')]
    pub cors_allowed_origins: Vec<AllowedOrigin>,
}

impl HttpArgs {
    pub fn serves_docs(&self, environment: Environment) -> bool {
        self.api_docs.unwrap_or(environment == Environment::Development)
    }

    pub fn trusted_proxies(&self) -> u8 {
        self.api_trusted_proxies.unwrap_or(0)
    }

    /// A wrong number would limit all clients of a proxy together, or let a client choose its own address.
    fn problems_in_production(&self) -> Vec<String> {
        let problem = "API_TRUSTED_PROXIES must be set in production: the number of your proxies in front of the api, 0 \
                       for none";
        self.api_trusted_proxies.is_none().then(|| problem.to_owned()).into_iter().collect()
    }

    pub fn server_limits(&self) -> ServerLimits {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let connections_per_address_max =
            (self.trusted_proxies() == 0).then(|| count(self.api_max_connections_per_address));
        ServerLimits {
            connections_max: count(self.api_max_connections),
            connections_per_address_max,
            keep_alive: Duration::from_secs(self.api_keep_alive_seconds.into()),
            write_timeout: Duration::from_secs(self.api_write_timeout_seconds.into()),
            ..ServerLimits::default()
        }
    }
}

impl Settings for ApiSettings {
    fn problems(&self) -> Vec<String> {
        let security = self.security.problems(self.environment.orderflow_env);
        let in_production = self.environment.in_production(&[
            self.database.known_passwords(),
            self.replica.known_passwords(),
            self.rabbitmq.known_passwords(),
            self.redis.known_passwords(),
            self.payments.problems_in_production(&self.providers),
            self.http.problems_in_production(),
        ]);
        let database = [self.database.problems(), self.replica.problems()].concat();
        let signing = self.rabbitmq.signing.problems(self.environment.orderflow_env);
        [database, self.rabbitmq.problems(), signing, self.redis.problems(), security, in_production].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct TestArgs {
        #[command(flatten)]
        http: HttpArgs,
    }

    fn serves_docs(arguments: &[&str], environment: Environment) -> bool {
        let arguments = std::iter::once("test").chain(arguments.iter().copied());
        TestArgs::try_parse_from(arguments).expect("well-formed").http.serves_docs(environment)
    }

    #[test]
    fn production_serves_the_documentation_only_when_that_is_said() {
        assert!(serves_docs(&[], Environment::Development) && !serves_docs(&[], Environment::Production));
        assert!(serves_docs(&["--api-docs", "true"], Environment::Production));
        assert!(!serves_docs(&["--api-docs", "false"], Environment::Development));
    }
}
