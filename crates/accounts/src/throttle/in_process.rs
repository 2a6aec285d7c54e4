//! The counts of this process, for the time that Redis is unavailable.

use super::{Attempt, LoginLimits};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;

/// When a limiter holds this many keys, it evicts those without recent attempts.
const KEYS_MAX: usize = 10_000;

type Limiter = DefaultKeyedRateLimiter<String>;

#[derive(Debug)]
pub(super) struct InProcess {
    accounts_and_networks: Limiter,
    accounts: Limiter,
    networks: Limiter,
}

impl InProcess {
    pub fn new(limits: LoginLimits) -> Self {
        let limiter = |count: NonZeroU32| {
            let replenish_one = (limits.window / count.get()).max(Duration::from_nanos(1));
            let quota = Quota::with_period(replenish_one).unwrap_or(Quota::per_second(count));
            RateLimiter::keyed(quota.allow_burst(count))
        };
        Self {
            accounts_and_networks: limiter(limits.per_account_and_address),
            accounts: limiter(limits.per_account),
            networks: limiter(limits.per_address),
        }
    }

    /// Counts the attempt; returns how long to wait (zero: admitted).
    pub fn admit(&self, attempt: &Attempt) -> Duration {
        let both = format!("{} {}", attempt.account, attempt.network);
        let counted = [
            (&self.accounts_and_networks, &both),
            (&self.accounts, &attempt.account),
            (&self.networks, &attempt.network),
        ];
        counted.iter().map(|(limiter, key)| wait_for(limiter, key)).max().unwrap_or_default()
    }
}

fn wait_for(limiter: &Limiter, key: &String) -> Duration {
    if limiter.len() >= KEYS_MAX {
        limiter.retain_recent();
    }
    limiter.check_key(key).err().map_or(Duration::ZERO, |later| later.wait_time_from(DefaultClock::default().now()))
}
