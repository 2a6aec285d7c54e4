//! Settings of the slice. Those of each gateway are in its folder.

use crate::gateway::{ChosenGateway, GatewaySettings};
use std::time::Duration;

/// Settings of the payments queue.
#[derive(Debug, Clone, clap::Args)]
pub struct PaymentsArgs {
    #[command(flatten)]
    pub chosen: ChosenGateway,
    #[command(flatten)]
    pub gateways: GatewaySettings,
    /// Timeout of a call to the payment gateway, in milliseconds. After it, the outcome is unknown.
    #[arg(long, env, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub payment_call_timeout_ms: u64,
    /// Maximum number of concurrent authorizations per worker.
    #[arg(long, env, default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_calls_max: u16,
    /// Maximum number of concurrent authorizations per worker and payment method, so that a method whose calls hang
    /// leaves capacity to the others.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_method_calls_max: u16,
    /// Maximum number of concurrent authorizations per worker, payment method and customer, so that a customer whose
    /// calls hang leaves capacity to the others.
    #[arg(long, env, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_customer_calls_max: u16,
    /// Maximum number of concurrent captures, voids and refunds per worker.
    #[arg(long, env, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub payment_follow_up_calls_max: u16,
}

/// Settings of the task that retries payment operations of unknown outcome.
#[derive(Debug, Clone, clap::Args)]
pub struct ReconcileArgs {
    /// Time after which a payment operation of unknown outcome is retried, in seconds.
    #[arg(long, env, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub payment_reconcile_seconds: u32,
}

impl ReconcileArgs {
    pub fn min_age(&self) -> Duration {
        Duration::from_secs(self.payment_reconcile_seconds.into())
    }
}
