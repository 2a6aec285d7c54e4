//! The counts in Redis. Those of an account are the fields of one hash with one expiry, so that one deletion lifts them.

use super::{Attempt, LoginLimits};
use platform::redis::{Redis, RedisError};
use std::sync::LazyLock;
use std::time::Duration;

/// How long an address is remembered after a login of the account.
const ADDRESS_KNOWN_FOR: Duration = Duration::from_hours(24 * 90);

/// Defines `wait`: the milliseconds until the caller may try (0: now). KEYS: the failures of the account, by network
/// and `total`; the failures of the network; the networks that the account has logged in from. ARGV: the network; the
/// limits per account and network, per account, and per network.
const WAIT: &str = "
local function wait()
  local known = redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 1
  local pair = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
  local total = tonumber(redis.call('HGET', KEYS[1], 'total') or '0')
  local network = tonumber(redis.call('GET', KEYS[2]) or '0')
  local ms = 0
  if pair >= tonumber(ARGV[2]) or (total >= tonumber(ARGV[3]) and not known) then
    ms = redis.call('PTTL', KEYS[1])
  end
  if network >= tonumber(ARGV[4]) then ms = math.max(ms, redis.call('PTTL', KEYS[2])) end
  return ms
end
";
const ADMIT: &str = "return wait()";
/// The failure that reaches a limit was still admitted; the one after it was not. `ARGV[5]`: the window in ms.
const FAILED: &str = "
local before = wait()
local is_first = redis.call('HINCRBY', KEYS[1], 'total', 1) == 1
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
if is_first then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
if redis.call('INCR', KEYS[2]) == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
return before";
/// `ARGV[6]`: how long the network is remembered, in ms. Of more than 100 networks any is forgotten.
const SUCCEEDED: &str = "
local before = wait()
if before == 0 then
  local pair = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
  if pair > 0 then
    redis.call('HDEL', KEYS[1], ARGV[1])
    redis.call('HINCRBY', KEYS[1], 'total', -pair)
  end
  if redis.call('SCARD', KEYS[3]) >= 100 then redis.call('SPOP', KEYS[3]) end
  redis.call('SADD', KEYS[3], ARGV[1])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
return before";

static ADMIT_SCRIPT: LazyLock<redis::Script> = LazyLock::new(|| redis::Script::new(&[WAIT, ADMIT].concat()));
static FAILED_SCRIPT: LazyLock<redis::Script> = LazyLock::new(|| redis::Script::new(&[WAIT, FAILED].concat()));
static SUCCEEDED_SCRIPT: LazyLock<redis::Script> = LazyLock::new(|| redis::Script::new(&[WAIT, SUCCEEDED].concat()));

pub(super) async fn admit(redis: &Redis, attempt: &Attempt, limits: LoginLimits) -> Result<Duration, RedisError> {
    run(redis, &ADMIT_SCRIPT, attempt, limits).await
}

pub(super) async fn failed(redis: &Redis, attempt: &Attempt, limits: LoginLimits) -> Result<Duration, RedisError> {
    run(redis, &FAILED_SCRIPT, attempt, limits).await
}

pub(super) async fn succeeded(redis: &Redis, attempt: &Attempt, limits: LoginLimits) -> Result<Duration, RedisError> {
    run(redis, &SUCCEEDED_SCRIPT, attempt, limits).await
}

pub(super) async fn lift(redis: &Redis, account: &str) -> Result<(), RedisError> {
    redis.query::<i64>(redis::cmd("DEL").arg(failures_key(account))).await.map(|_deleted| ())
}

async fn run(
    redis: &Redis,
    script: &redis::Script,
    attempt: &Attempt,
    limits: LoginLimits,
) -> Result<Duration, RedisError> {
    let mut call = script.prepare_invoke();
    call.key(failures_key(&attempt.account));
    call.key(format!("orderflow:login:address:{}", attempt.network));
    call.key(format!("orderflow:login:known:{}", attempt.account));
    call.arg(&attempt.network).arg(limits.per_account_and_address.get());
    call.arg(limits.per_account.get()).arg(limits.per_address.get());
    call.arg(milliseconds(limits.window)).arg(milliseconds(ADDRESS_KNOWN_FOR));
    let wait_ms = redis.run::<i64>(&call).await?;
    Ok(Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default()))
}

fn failures_key(account: &str) -> String {
    format!("orderflow:login:failures:{account}")
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
