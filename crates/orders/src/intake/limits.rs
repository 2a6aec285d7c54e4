//! Settings of intake: batch size, queue length, committers. The lifetime of idempotency keys, which the scheduler needs
//! too.

use domain::Timestamp;
use std::time::Duration;

const BATCH_MAX: u16 = 128;
const QUEUE_MAX: u16 = 4_096;
const COMMITTERS: u16 = 2;
const UNPAID_ORDERS_MAX: u32 = 1_000;
const UNPAID_UNITS_MAX: u32 = 10_000;
const KEY_TTL_SECONDS: u32 = 72 * 60 * 60;

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct IntakeLimits {
    /// The most orders per transaction.
    #[arg(long, env, default_value_t = BATCH_MAX, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub intake_batch_max: u16,
    /// The most orders that wait to be stored; further ones are refused.
    #[arg(long, env, default_value_t = QUEUE_MAX, value_parser = clap::value_parser!(u16).range(1..))]
    pub intake_queue_max: u16,
    /// The most batches that are committed at the same time. While one is committed, the next is inserted.
    #[arg(long, env, default_value_t = COMMITTERS, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub intake_committers: u16,
    #[command(flatten)]
    pub keys: KeyLifetime,
    #[command(flatten)]
    pub unpaid: UnpaidArgs,
}

/// How much one customer may order without having paid.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct UnpaidArgs {
    /// The most open unpaid orders of a customer; further ones are refused with 429. 0 for no limit.
    #[arg(long, env, default_value_t = UNPAID_ORDERS_MAX)]
    pub unpaid_orders_max: u32,
    /// The most units in the open unpaid orders of a customer: they are reserved and can't be sold to others. 0 for no
    /// limit.
    #[arg(long, env, default_value_t = UNPAID_UNITS_MAX)]
    pub unpaid_units_max: u32,
}

impl Default for UnpaidArgs {
    fn default() -> Self {
        Self { unpaid_orders_max: UNPAID_ORDERS_MAX, unpaid_units_max: UNPAID_UNITS_MAX }
    }
}

/// The lifetime of idempotency keys: of those that are stored with orders, and of other stored responses.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct KeyLifetime {
    /// How long an Idempotency-Key is kept, in seconds.
    #[arg(long, env, default_value_t = KEY_TTL_SECONDS, value_parser = clap::value_parser!(u32).range(60..))]
    pub idempotency_ttl_seconds: u32,
}

impl KeyLifetime {
    /// Keys that were first used before this time have expired.
    pub fn kept_since(&self, now: Timestamp) -> Timestamp {
        now - Duration::from_secs(u64::from(self.idempotency_ttl_seconds))
    }
}

impl Default for KeyLifetime {
    fn default() -> Self {
        Self { idempotency_ttl_seconds: KEY_TTL_SECONDS }
    }
}

impl Default for IntakeLimits {
    fn default() -> Self {
        Self {
            intake_batch_max: BATCH_MAX,
            intake_queue_max: QUEUE_MAX,
            intake_committers: COMMITTERS,
            keys: KeyLifetime::default(),
            unpaid: UnpaidArgs::default(),
        }
    }
}
