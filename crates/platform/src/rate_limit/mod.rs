//! Limits the rate of each key: at most `count` per `window`, over all processes together.
//!
//! Redis counts. A process takes a block of several admissions from it at once ([`BLOCKS`]), so that most requests cost
//! no round trip, and it remembers an exhausted window, so that a flood costs none either. Admissions that a process
//! took and did not use are lost when the window ends: the limit is never exceeded, and may be reached a little early.
//!
//! The window of a key begins with its first request (fixed window counter). While Redis is unavailable each process
//! counts by itself.

mod block;
mod bursts;
mod window;

use crate::redis::Redis;
use block::Block;
pub use bursts::SmoothedLimiter;
use moka::sync::Cache;
use std::fmt::Display;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use window::Window;

/// A quota is taken from Redis in about this many blocks.
const BLOCKS: u32 = 32;
/// Keys with a window in this process, about 20 MB; beyond that the least used ones are forgotten, and Redis still
/// knows their count.
const KEYS_MAX: u64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub count: NonZeroU32,
    pub window: Duration,
}

impl Quota {
    /// `None` for 0, which means no limit.
    pub fn per_minute(count: u32) -> Option<Self> {
        NonZeroU32::new(count).map(|count| Self { count, window: Duration::from_mins(1) })
    }
}

/// What is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub quota: Quota,
    /// Admissions until the window ends, as far as this process knows.
    pub remaining: u32,
    /// Time until the window ends.
    pub reset: Duration,
}

impl Allowance {
    /// Seconds until the window ends, rounded up: a client that waits this long is admitted.
    pub fn reset_seconds(&self) -> u64 {
        self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0)
    }
}

/// The quota of the key is used up until the window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub allowance: Allowance,
    /// Refusals of this window in this process, with this one.
    pub refusals: u32,
}

/// Cheap to clone; clones share the windows.
#[derive(Debug, Clone)]
pub struct RateLimiter<K: Hash + Eq + Send + Sync + 'static> {
    /// Prefix of the keys in Redis.
    name: &'static str,
    quota: Quota,
    redis: Option<Redis>,
    windows: Cache<K, Arc<KeyWindow>>,
}

/// The window of one key.
#[derive(Debug)]
struct KeyWindow {
    window: Mutex<Window>,
    /// Held while a block is taken: otherwise every request that waits would take one, and other processes find none.
    taking: tokio::sync::Mutex<()>,
}

impl<K: Hash + Eq + Clone + Display + Send + Sync + 'static> RateLimiter<K> {
    /// Counts in `redis`; without it, in this process only. Limiters of different names count apart.
    pub fn new(name: &'static str, quota: Quota, redis: Option<Redis>) -> Self {
        let windows = Cache::builder().max_capacity(KEYS_MAX).time_to_idle(quota.window * 2).build();
        Self { name, quota, redis, windows }
    }

    /// Admits one request of `key`, or refuses it. Waits for Redis only when a block has to be taken.
    pub async fn admit(&self, key: &K) -> Result<Allowance, Exceeded> {
        let of_key = self.windows.get_with_by_ref(key, || Arc::new(KeyWindow::ended()));
        if let Some(known) = of_key.admit(self.quota) {
            return known;
        }
        let _only_taker = of_key.taking.lock().await;
        // The block that this request waited for may be enough.
        if let Some(known) = of_key.admit(self.quota) {
            return known;
        }
        let block = self.take_block(key).await;
        of_key.lock().add(block, self.quota, Instant::now())
    }

    async fn take_block(&self, key: &K) -> Block {
        let size = (self.quota.count.get() / BLOCKS).max(1);
        match &self.redis {
            Some(redis) => block::take(redis, &self.redis_key(key), size, self.quota).await,
            None => Block::whole(self.quota),
        }
    }

    fn redis_key(&self, key: &K) -> String {
        format!("orderflow:rate:{}:{key}", self.name)
    }
}

impl KeyWindow {
    fn ended() -> Self {
        Self { window: Mutex::new(Window::ended(Instant::now())), taking: tokio::sync::Mutex::default() }
    }

    /// `None` when another block must be taken first.
    fn admit(&self, quota: Quota) -> Option<Result<Allowance, Exceeded>> {
        self.lock().admit(quota, Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
