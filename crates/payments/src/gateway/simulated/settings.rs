//! Settings of the simulated gateway.

/// Settings of the simulated gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulatedGatewayArgs {
    /// Response time of the simulated payment gateway, in milliseconds.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub sim_gateway_latency_ms: u64,
}
