//! How much intake takes at a time, how much it lets wait, and how long it remembers.

use domain::Timestamp;
use std::time::Duration;

const BATCH_MAX: u16 = 128;
const QUEUE_MAX: u16 = 4_096;
const COMMITTERS: u16 = 2;
const KEY_TTL_SECONDS: u32 = 72 * 60 * 60;

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct IntakeLimits {
    /// Orders that one transaction stores at most.
    #[arg(long, env, default_value_t = BATCH_MAX, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub intake_batch_max: u16,
    /// Orders that may wait to be stored; what comes on top is turned away.
    #[arg(long, env, default_value_t = QUEUE_MAX, value_parser = clap::value_parser!(u16).range(1..))]
    pub intake_queue_max: u16,
    /// Batches that may be on their way to disk at once: the next one is stored when the last one is being committed.
    #[arg(long, env, default_value_t = COMMITTERS, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub intake_committers: u16,
    /// How long an Idempotency-Key is remembered.
    #[arg(long, env, default_value_t = KEY_TTL_SECONDS, value_parser = clap::value_parser!(u32).range(60..))]
    pub idempotency_ttl_seconds: u32,
}

impl IntakeLimits {
    /// Keys that were first used before then are forgotten.
    pub fn keys_kept_since(&self, now: Timestamp) -> Timestamp {
        now - Duration::from_secs(u64::from(self.idempotency_ttl_seconds))
    }
}

impl Default for IntakeLimits {
    fn default() -> Self {
        Self {
            intake_batch_max: BATCH_MAX,
            intake_queue_max: QUEUE_MAX,
            intake_committers: COMMITTERS,
            idempotency_ttl_seconds: KEY_TTL_SECONDS,
        }
    }
}
