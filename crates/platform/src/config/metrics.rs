//! Settings of the metrics server.

use std::net::IpAddr;

/// For ports that serve operators only; the port is a setting of each process.
#[derive(Debug, Clone, clap::Args)]
pub struct MetricsArgs {
    /// Address that worker and scheduler serve their metrics on, and the api with `API_METRICS_PORT`.
    #[arg(long, env, default_value = "127.0.0.1")]
    pub metrics_host: IpAddr,
}
