//! A limiter whose quota can't be spent at once.

use super::{Allowance, Exceeded, Quota, RateLimiter};
use crate::redis::Redis;
use std::fmt::Display;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

/// The window in which a part of the quota may be used.
const BURST_WINDOW: Duration = Duration::from_secs(5);
/// So many requests may always come at once.
const BURST_MIN: u32 = 10;

/// A limiter, and a second one that admits a part of its quota in each [`BURST_WINDOW`]. The second counts in each
/// process by itself: it protects the process, the first one the whole installation.
#[derive(Debug, Clone)]
pub struct SmoothedLimiter<K: Hash + Eq + Send + Sync + 'static> {
    whole: RateLimiter<K>,
    burst: Option<RateLimiter<K>>,
}

impl<K: Hash + Eq + Clone + Display + Send + Sync + 'static> SmoothedLimiter<K> {
    /// `burst_percent` of the quota may be used in five seconds. There is no second limit if that is the whole quota.
    pub fn new(name: &'static str, quota: Quota, burst_percent: u32, redis: Option<Redis>) -> Self {
        let burst = burst_quota(quota, burst_percent).map(|burst| RateLimiter::new(name, burst, None));
        Self { whole: RateLimiter::new(name, quota, redis), burst }
    }

    /// Admits one request of `key`, or refuses it. A refusal of the second limiter uses nothing of the
    /// quota.
    pub async fn admit(&self, key: &K) -> Result<Allowance, Exceeded> {
        if let Some(burst) = &self.burst {
            burst.admit(key).await?;
        }
        self.whole.admit(key).await
    }
}

fn burst_quota(quota: Quota, percent: u32) -> Option<Quota> {
    let share = u64::from(quota.count.get()) * u64::from(percent) / 100;
    let count = u32::try_from(share).unwrap_or(u32::MAX).max(BURST_MIN);
    let burst = Quota { count: NonZeroU32::new(count)?, window: BURST_WINDOW };
    (burst.count < quota.count).then_some(burst)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(count: u32, burst_percent: u32) -> SmoothedLimiter<String> {
        let quota = Quota::per_minute(count).expect("not zero");
        SmoothedLimiter::new("test", quota, burst_percent, None)
    }

    async fn admitted(limiter: &SmoothedLimiter<String>, requests: u32) -> u32 {
        let mut admitted = 0;
        for _request in 0..requests {
            admitted += u32::from(limiter.admit(&"one".to_owned()).await.is_ok());
        }
        admitted
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_spent_in_parts_and_completely() {
        let limiter = limiter(100, 20);

        let mut counts = Vec::new();
        for _window in 0..6 {
            counts.push(admitted(&limiter, 150).await);
            tokio::time::advance(BURST_WINDOW).await;
        }

        assert_eq!(counts, [20, 20, 20, 20, 20, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_quota_and_one_without_a_second_limit_may_be_spent_at_once() {
        assert_eq!(admitted(&limiter(10, 20), 15).await, 10);
        assert_eq!(admitted(&limiter(100, 100), 150).await, 100);
        assert_eq!(admitted(&limiter(20, 20), 30).await, BURST_MIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_counts_those_before_it_in_the_same_window() {
        let limiter = limiter(100, 20);
        admitted(&limiter, 22).await;

        let refused = limiter.admit(&"one".to_owned()).await.expect_err("above the burst");
        assert_eq!((refused.refusals, refused.allowance.quota.window), (3, BURST_WINDOW));
        tokio::time::advance(BURST_WINDOW).await;
        admitted(&limiter, 20).await;
        assert_eq!(limiter.admit(&"one".to_owned()).await.expect_err("above the burst").refusals, 1);
    }
}
