//! Throttles password guessing: limits failed logins per account and per client address.
//!
//! Failures are counted in Redis, for all processes together. While Redis is unavailable each process counts for
//! itself, and counts every login, not only the failed ones: stricter, never wrong. No account is locked for longer
//! than the window.

use crate::AccountError;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use platform::redis::{Redis, RedisError};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
/// When the in-process limiters hold this many accounts or addresses, they evict those without recent attempts.
const LIMITER_KEYS_MAX: usize = 10_000;

/// Returns the milliseconds until the caller may try (0: now). KEYS: account, address. ARGV: their limits.
const ADMIT: &str = "
local wait = 0
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i]) then
    wait = math.max(wait, redis.call('PTTL', KEYS[i]))
  end
end
return wait";

/// Counts a failure and returns the milliseconds to wait when it exceeds a limit. KEYS as above. ARGV: the limits, then
/// the window in ms.
const FAILED: &str = "
local wait = 0
for i = 1, #KEYS do
  local failures = redis.call('INCR', KEYS[i])
  if failures == 1 then redis.call('PEXPIRE', KEYS[i], ARGV[#KEYS + 1]) end
  if failures > tonumber(ARGV[i]) then wait = math.max(wait, redis.call('PTTL', KEYS[i])) end
end
return wait";

static ADMIT_SCRIPT: LazyLock<redis::Script> = LazyLock::new(|| redis::Script::new(ADMIT));
static FAILED_SCRIPT: LazyLock<redis::Script> = LazyLock::new(|| redis::Script::new(FAILED));

#[derive(Debug, Clone, Copy)]
pub struct LoginLimits {
    /// Failed logins of one account within the window.
    pub per_account: NonZeroU32,
    /// Failed logins from one client address within the window: many people may share one.
    pub per_address: NonZeroU32,
    pub window: Duration,
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self { per_account: PER_ACCOUNT, per_address: PER_ADDRESS, window: Duration::from_mins(15) }
    }
}

/// Decides whether a login may be attempted; cheap to clone.
#[derive(Debug, Clone)]
pub struct LoginThrottle {
    limits: LoginLimits,
    redis: Option<Redis>,
    accounts: Arc<DefaultKeyedRateLimiter<String>>,
    addresses: Arc<DefaultKeyedRateLimiter<String>>,
}

/// An admitted login. Its result must be reported with [`LoginThrottle::failed`] or [`LoginThrottle::succeeded`].
#[derive(Debug)]
pub(crate) struct Attempt {
    account_key: String,
    address_key: String,
}

impl LoginThrottle {
    /// Counts in `redis`; without it, in this process only.
    pub fn new(redis: Option<Redis>, limits: LoginLimits) -> Self {
        let limiter = |count: NonZeroU32| {
            let replenish_one = (limits.window / count.get()).max(Duration::from_nanos(1));
            let quota = Quota::with_period(replenish_one).unwrap_or(Quota::per_second(count));
            Arc::new(RateLimiter::keyed(quota.allow_burst(count)))
        };
        Self { limits, redis, accounts: limiter(limits.per_account), addresses: limiter(limits.per_address) }
    }

    pub(crate) async fn admit(&self, email: &str, address: IpAddr) -> Result<Attempt, AccountError> {
        let attempt = Attempt { account_key: account_key(email), address_key: address_key(address) };
        let wait = match self.run_script(&ADMIT_SCRIPT, &attempt).await {
            Some(wait) => wait,
            None => self.admit_in_process(&attempt),
        };
        refuse_while(wait)?;
        Ok(attempt)
    }

    /// Counts the failure. A failure beyond the limit gets `TooManyAttempts` instead of `InvalidCredentials`.
    pub(crate) async fn failed(&self, attempt: &Attempt) -> Result<(), AccountError> {
        refuse_while(self.run_script(&FAILED_SCRIPT, attempt).await.unwrap_or_default())
    }

    /// Resets the failures of the account, unless concurrent guesses have reached the limit in the meantime.
    pub(crate) async fn succeeded(&self, attempt: &Attempt) -> Result<(), AccountError> {
        refuse_while(self.run_script(&ADMIT_SCRIPT, attempt).await.unwrap_or_default())?;
        if let Some(redis) = &self.redis {
            let reset = redis.query::<i64>(redis::cmd("DEL").arg(&attempt.account_key)).await;
            reset.map_or_else(|error| log_unavailable(&error), |_| ());
        }
        Ok(())
    }

    /// How long to wait according to Redis; `None` when Redis is unavailable.
    async fn run_script(&self, script: &redis::Script, attempt: &Attempt) -> Option<Duration> {
        let mut call = script.prepare_invoke();
        call.key(&attempt.account_key).key(&attempt.address_key);
        call.arg(self.limits.per_account.get()).arg(self.limits.per_address.get());
        call.arg(u64::try_from(self.limits.window.as_millis()).unwrap_or(u64::MAX));
        match self.redis.as_ref()?.run::<i64>(&call).await {
            Ok(wait_ms) => Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default())),
            Err(error) => {
                log_unavailable(&error);
                None
            }
        }
    }

    fn admit_in_process(&self, attempt: &Attempt) -> Duration {
        let keyed = [(&self.accounts, &attempt.account_key), (&self.addresses, &attempt.address_key)];
        keyed.iter().map(|(limiter, key)| wait_for(limiter, key)).max().unwrap_or_default()
    }
}

fn wait_for(limiter: &DefaultKeyedRateLimiter<String>, key: &String) -> Duration {
    if limiter.len() >= LIMITER_KEYS_MAX {
        limiter.retain_recent();
    }
    limiter.check_key(key).err().map_or(Duration::ZERO, |later| later.wait_time_from(DefaultClock::default().now()))
}

fn refuse_while(wait: Duration) -> Result<(), AccountError> {
    if wait.is_zero() {
        return Ok(());
    }
    // Whole seconds, rounded up: a client that waits this long is admitted.
    Err(AccountError::TooManyAttempts { retry_after: Duration::from_secs(wait.as_secs() + 1) })
}

fn log_unavailable(error: &RedisError) {
    if !matches!(error, RedisError::CoolingDown) {
        tracing::warn!(%error, "Redis is unavailable: failed logins are counted in this process");
    }
}

/// A hash, because Redis should not hold e-mail addresses.
fn account_key(email: &str) -> String {
    let digest = Sha256::digest(email.trim().to_lowercase());
    format!("orderflow:login:account:{}", hex::encode(&digest[..16]))
}

/// An IPv6 host usually has a whole /64, so a /64 counts as one address.
fn address_key(address: IpAddr) -> String {
    let network = match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => hex::encode(&v6.octets()[..8]),
    };
    format!("orderflow:login:address:{network}")
}
