//! Settings of the metrics server.

use std::net::IpAddr;

/// For processes that serve only their metrics; the port is a setting of each process.
#[derive(Debug, Clone, clap::Args)]
pub struct MetricsArgs {
    /// Address that worker and scheduler serve their metrics on.
    #[arg(long, env, default_value = "127.0.0.1")]
    pub metrics_host: IpAddr,
}
