//! Takes blocks of admissions from the counter in Redis.

use super::Quota;
use crate::redis::{Redis, RedisError};
use std::sync::LazyLock;
use std::time::Duration;

/// Counts a block and returns the total of the window with it, and the milliseconds until the window ends. KEYS: the
/// counter. ARGV: the size of the block, the window in ms.
const TAKE: &str = "
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if total == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {total, redis.call('PTTL', KEYS[1])}";

static TAKE_SCRIPT: LazyLock<redis::Script> = LazyLock::new(|| redis::Script::new(TAKE));

/// A part of a quota, taken for one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub granted: u32,
    /// Not taken by any process yet.
    pub left: u32,
    /// Time until the window ends.
    pub reset: Duration,
}

impl Block {
    /// The whole quota, for a process that counts by itself.
    pub fn whole(quota: Quota) -> Self {
        Self { granted: quota.count.get(), left: 0, reset: quota.window }
    }

    /// The last block before the quota is used up may be smaller, and those after it are empty.
    fn of(total: u64, size: u32, quota: Quota, reset: Duration) -> Self {
        let count = u64::from(quota.count.get());
        let before = total.saturating_sub(size.into());
        let part = |amount: u64| u32::try_from(amount).unwrap_or(u32::MAX);
        let granted = part(count.saturating_sub(before)).min(size);
        Self { granted, left: part(count.saturating_sub(total)), reset }
    }
}

pub(super) async fn take(redis: &Redis, key: &str, size: u32, quota: Quota) -> Block {
    let window_ms = u64::try_from(quota.window.as_millis()).unwrap_or(u64::MAX);
    let mut call = TAKE_SCRIPT.prepare_invoke();
    call.key(key).arg(size).arg(window_ms);
    match redis.run::<(u64, i64)>(&call).await {
        Ok((total, reset_ms)) => {
            let reset = Duration::from_millis(u64::try_from(reset_ms).unwrap_or(window_ms));
            Block::of(total, size, quota, reset)
        }
        Err(error) => {
            log_unavailable(&error);
            Block::whole(quota)
        }
    }
}

fn log_unavailable(error: &RedisError) {
    if !matches!(error, RedisError::CoolingDown) {
        tracing::warn!(%error, "Redis is unavailable: rates are limited in this process");
    }
}
