//! The limiter in one process, and in several with a Redis.

use super::*;
use crate::config::RedisArgs;
use clap::Parser;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    redis: RedisArgs,
}

const WINDOW: Duration = Duration::from_mins(1);

fn quota(count: u32) -> Quota {
    Quota { count: NonZeroU32::new(count).expect("not zero"), window: WINDOW }
}

async fn admitted(limiter: &RateLimiter<String>, key: &str, requests: u32) -> u32 {
    let mut admitted = 0;
    for _request in 0..requests {
        admitted += u32::from(limiter.admit(&key.to_owned()).await.is_ok());
    }
    admitted
}

#[tokio::test(start_paused = true)]
async fn a_key_gets_its_quota_per_window_and_another_key_its_own() {
    let limiter = RateLimiter::new("test", quota(100), None);

    assert_eq!(admitted(&limiter, "one", 150).await, 100);
    assert_eq!(admitted(&limiter, "other", 50).await, 50);
    tokio::time::advance(WINDOW).await;
    assert_eq!(admitted(&limiter, "one", 150).await, 100);
}

#[tokio::test(start_paused = true)]
async fn the_allowance_counts_down_and_a_refusal_names_the_time_of_the_next_window() {
    let limiter = RateLimiter::new("test", quota(2), None);
    let key = "one".to_owned();

    let remaining = limiter.admit(&key).await.map(|allowance| allowance.remaining);
    assert_eq!(remaining, Ok(1));
    tokio::time::advance(WINDOW / 4).await;
    limiter.admit(&key).await.expect("the second of two");
    let refused = limiter.admit(&key).await.expect_err("the third of two").allowance;
    assert_eq!((refused.remaining, refused.reset), (0, WINDOW * 3 / 4));
}

#[tokio::test]
async fn two_processes_together_admit_no_more_than_the_quota() {
    let (one, other) = (with_redis(quota(200)), with_redis(quota(200)));
    let key = unique_key();

    let counts = futures::join!(admitted(&one, &key, 180), admitted(&other, &key, 180));

    let total = counts.0 + counts.1;
    // A process may hold a part of its last block.
    assert!((200 - 2 * 200 / BLOCKS..=200).contains(&total), "{counts:?}");
}

#[tokio::test]
async fn concurrent_requests_leave_the_rest_of_the_quota_to_other_processes() {
    let (one, other) = (with_redis(quota(320)), with_redis(quota(320)));
    let key = unique_key();

    let requests = (0..64).map(|_request| one.admit(&key));
    let outcomes = futures::future::join_all(requests).await;
    let left = admitted(&other, &key, 320).await;

    assert!(outcomes.iter().all(Result::is_ok));
    assert!((320 - 64 - 320 / BLOCKS..=320 - 64).contains(&left), "{left}");
}

#[tokio::test]
async fn concurrent_requests_of_one_process_share_the_quota() {
    let limiter = with_redis(quota(50));
    let key = unique_key();

    let requests = (0..200).map(|_request| limiter.admit(&key));
    let outcomes = futures::future::join_all(requests).await;

    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 50);
}

#[tokio::test]
async fn without_a_reachable_redis_a_process_counts_by_itself() {
    let limiter = RateLimiter::new("test", quota(10), Some(unreachable_redis()));

    assert_eq!(admitted(&limiter, "one", 15).await, 10);
}

fn with_redis(quota: Quota) -> RateLimiter<String> {
    let settings = Settings::try_parse_from(["test"]).expect("REDIS_URL must be set: make test does");
    let redis = Redis::new(&settings.redis).expect("a URL").with_call_limit(Duration::from_secs(5));
    RateLimiter::new("test", quota, Some(redis))
}

fn unreachable_redis() -> Redis {
    Redis::new(&RedisArgs { redis_url: "redis://127.0.0.1:1/0".into(), redis_ca_file: None }).expect("a URL")
}

/// A key that no earlier run has used.
fn unique_key() -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    format!("{}-{time}", std::process::id())
}
