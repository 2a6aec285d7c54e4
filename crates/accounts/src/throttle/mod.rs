//! Throttles password guessing without letting strangers lock an account's owner out.
//!
//! Failed logins are counted per account and client address together, per address, and per account. The count of the
//! account alone is far higher, and an address from which the account has logged in before is not subject to it. Both
//! follow OWASP ASVS 6.1.1 and NIST SP 800-63B, 5.2.2. No login is refused for longer than the window.
//!
//! Redis counts, for all processes together. While it is unavailable each process counts for itself, and counts every
//! login, not only the failed ones, and knows no earlier addresses: stricter, never wrong.

mod counts;
mod in_process;

use crate::AccountError;
use in_process::InProcess;
use platform::network::counted_as;
use platform::redis::{Redis, RedisError};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub struct LoginLimits {
    /// Failed logins of one account from one client address within the window.
    pub per_account_and_address: NonZeroU32,
    /// Failed logins of one account from all addresses; not for an address that it has logged in from before.
    pub per_account: NonZeroU32,
    /// Failed logins from one client address within the window: many people may share one.
    pub per_address: NonZeroU32,
    pub window: Duration,
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self {
            per_account_and_address: const { NonZeroU32::new(10).expect("not zero") },
            per_account: const { NonZeroU32::new(100).expect("not zero") },
            per_address: const { NonZeroU32::new(100).expect("not zero") },
            window: Duration::from_mins(15),
        }
    }
}

/// Decides whether a login may be attempted; cheap to clone.
#[derive(Debug, Clone)]
pub struct LoginThrottle {
    limits: LoginLimits,
    redis: Option<Redis>,
    in_process: Arc<InProcess>,
}

/// An admitted login. Its result must be reported with [`LoginThrottle::failed`] or [`LoginThrottle::succeeded`].
#[derive(Debug)]
pub(crate) struct Attempt {
    /// A hash, because Redis should not hold e-mail addresses.
    account: String,
    network: String,
}

impl LoginThrottle {
    /// Counts in `redis`; without it, in this process only.
    pub fn new(redis: Option<Redis>, limits: LoginLimits) -> Self {
        Self { limits, redis, in_process: Arc::new(InProcess::new(limits)) }
    }

    pub(crate) async fn admit(&self, email: &str, address: IpAddr) -> Result<Attempt, AccountError> {
        let attempt = Attempt { account: account(email), network: counted_as(address).to_string() };
        let wait = match self.wait_for(counts::admit, &attempt).await {
            Some(wait) => wait,
            None => self.in_process.admit(&attempt),
        };
        refuse_while(wait)?;
        Ok(attempt)
    }

    /// Counts the failure. A failure beyond the limit gets `TooManyAttempts` instead of `InvalidCredentials`.
    pub(crate) async fn failed(&self, attempt: &Attempt) -> Result<(), AccountError> {
        refuse_while(self.wait_for(counts::failed, attempt).await.unwrap_or_default())
    }

    /// Forgets the failures of this account and address, unless concurrent guesses have reached the limit in the
    /// meantime, and remembers that the account has logged in from the address.
    pub(crate) async fn succeeded(&self, attempt: &Attempt) -> Result<(), AccountError> {
        refuse_while(self.wait_for(counts::succeeded, attempt).await.unwrap_or_default())
    }

    /// Forgets all failures of the account; `false` if Redis could not be reached.
    pub(crate) async fn lift(&self, email: &str) -> bool {
        let Some(redis) = &self.redis else { return false };
        counts::lift(redis, &account(email)).await.inspect_err(log_unavailable).is_ok()
    }

    /// How long to wait according to Redis; `None` when Redis is unavailable.
    async fn wait_for(
        &self,
        script: impl AsyncFn(&Redis, &Attempt, LoginLimits) -> Result<Duration, RedisError>,
        attempt: &Attempt,
    ) -> Option<Duration> {
        script(self.redis.as_ref()?, attempt, self.limits).await.inspect_err(log_unavailable).ok()
    }
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

fn account(email: &str) -> String {
    let digest = Sha256::digest(email.trim().to_lowercase());
    hex::encode(&digest[..16])
}
