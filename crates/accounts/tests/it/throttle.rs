//! Failed logins are limited per account and per client address, with and without Redis.

use crate::harness::{EMAIL, HERE, Harness, PASSWORD, security_events};
use accounts::{AccountError, LoginLimits, LoginThrottle, Role};
use clap::Parser;
use platform::config::RedisArgs;
use platform::redis::Redis;
use sqlx::PgPool;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use uuid::Uuid;

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    redis: RedisArgs,
}

/// A throttle on the Redis that `REDIS_URL` names; `make test` starts one.
fn on_redis() -> LoginThrottle {
    let settings = Settings::try_parse_from(["test"]).expect("REDIS_URL must be set: make test does");
    let redis = Redis::new(&settings.redis).expect("an address").with_call_limit(Duration::from_secs(5));
    LoginThrottle::new(Some(redis), LoginLimits::default())
}

fn on_unreachable_redis() -> LoginThrottle {
    let nowhere = RedisArgs { redis_url: "redis://127.0.0.1:1/0".into(), redis_ca_file: None };
    LoginThrottle::new(Some(Redis::new(&nowhere).expect("an address")), LoginLimits::default())
}

/// Unique, because all tests share one Redis.
fn fresh_email() -> String {
    format!("{}@orders.local", Uuid::now_v7().simple())
}

fn fresh_address() -> IpAddr {
    IpAddr::from(Uuid::new_v4().into_bytes())
}

async fn the_eleventh_guess_is_throttled(harness: Harness) {
    let email = fresh_email();
    harness.seed(&email, Role::Customer).await;
    for _ in 0..10 {
        let refused = harness.login_from(&email, "WrongPass123", fresh_address()).await.expect_err("wrong");
        assert!(matches!(refused, AccountError::InvalidCredentials), "{refused}");
    }

    let (verifications_before, events) = (harness.hasher.verifications(), security_events("locked_out"));
    let right = harness.login_from(&email.to_uppercase(), PASSWORD, fresh_address()).await.expect_err("too many");

    let AccountError::TooManyAttempts { retry_after } = right else { panic!("{right}") };
    assert!(security_events("locked_out") > events);
    assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(901));
    assert_eq!(harness.hasher.verifications(), verifications_before, "a refused guess costs no hash");
}

#[sqlx::test(migrations = "../../migrations")]
async fn after_ten_failures_an_account_is_throttled_whatever_the_client_address(pool: PgPool) {
    the_eleventh_guess_is_throttled(Harness::with_throttle(pool, on_redis())).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_redis_the_process_counts_failures_itself(pool: PgPool) {
    the_eleventh_guess_is_throttled(Harness::with_throttle(pool, on_unreachable_redis())).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_successful_login_resets_the_failures_before_it(pool: PgPool) {
    let harness = Harness::with_throttle(pool, on_redis());
    let email = fresh_email();
    harness.seed(&email, Role::Customer).await;

    for _ in 0..2 {
        for _ in 0..9 {
            harness.login_from(&email, "WrongPass123", fresh_address()).await.unwrap_err();
        }
        assert!(harness.login_from(&email, PASSWORD, fresh_address()).await.is_ok());
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_guesses_get_no_more_attempts_than_sequential_ones(pool: PgPool) {
    let harness = Harness::with_throttle(pool, on_redis());
    let email = fresh_email();
    harness.seed(&email, Role::Customer).await;

    let guesses = (0..30).map(|_| harness.login_from(&email, "WrongPass123", HERE));
    let outcomes = futures::future::join_all(guesses).await;

    let checked = outcomes.iter().filter(|outcome| matches!(outcome, Err(AccountError::InvalidCredentials)));
    assert!(checked.count() <= 10);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_address_that_fails_with_many_accounts_is_throttled(pool: PgPool) {
    let limits = LoginLimits { per_address: 5.try_into().unwrap(), ..LoginLimits::default() };
    let harness = Harness::with_throttle(pool, LoginThrottle::new(None, limits));

    for guess in 0..5 {
        let refused = harness.login_from(&format!("{guess}{EMAIL}"), PASSWORD, HERE).await.unwrap_err();
        assert!(matches!(refused, AccountError::InvalidCredentials), "{refused}");
    }

    let refused = harness.login_from("another@orders.local", PASSWORD, HERE).await.unwrap_err();
    assert!(matches!(refused, AccountError::TooManyAttempts { .. }));
    let elsewhere =
        harness.login_from("another@orders.local", PASSWORD, Ipv4Addr::new(192, 0, 2, 2).into()).await.unwrap_err();
    assert!(matches!(elsewhere, AccountError::InvalidCredentials));
}
