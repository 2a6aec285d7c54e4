//! What the slice and its simulated gateway are configured by.

use std::time::Duration;

/// Settings of the payments queue.
#[derive(Debug, Clone, clap::Args)]
pub struct PaymentsArgs {
    /// How long a call to the payment gateway may take, in milliseconds; after that its outcome is unknown.
    #[arg(long, env, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub payment_call_timeout_ms: u64,
    /// Authorizations that one worker asks the payment gateway for at a time.
    #[arg(long, env, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_calls_max: u16,
    /// How many of them may be for one payment method: one that is not answered leaves the rest to the others.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_method_calls_max: u16,
    /// Captures, voids and refunds that one worker asks the payment gateway for at a time.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_follow_up_calls_max: u16,
    /// How long the simulated payment gateway takes for each answer, in milliseconds.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub sim_gateway_latency_ms: u64,
}

/// Settings of the sweep over payments of unknown outcome.
#[derive(Debug, Clone, clap::Args)]
pub struct ReconcileArgs {
    /// After how long a payment operation of unknown outcome is asked about again, in seconds.
    #[arg(long, env, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub payment_reconcile_seconds: u32,
}

impl ReconcileArgs {
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.payment_reconcile_seconds.into())
    }
}
