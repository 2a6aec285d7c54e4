//! Failed logins are limited per account and client address, with and without Redis.

use crate::harness::{EMAIL, FormerVendors, HERE, Harness, PASSWORD, security_events};
use accounts::{AccountError, ChangedBy, LoginLimits, LoginThrottle, Role, UserChange};
use clap::Parser;
use platform::audit::NoAudit;
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
    LoginThrottle::new(Some(redis()), LoginLimits::default())
}

fn redis() -> Redis {
    let settings = Settings::try_parse_from(["test"]).expect("REDIS_URL must be set: make test does");
    Redis::new(&settings.redis).expect("an address").with_call_limit(Duration::from_secs(5))
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

async fn an_address_is_throttled_after_ten_guesses_and_the_owner_is_not(harness: Harness) {
    let (email, guesser) = (fresh_email(), fresh_address());
    harness.seed(&email, Role::Customer).await;
    for _ in 0..10 {
        let refused = harness.login_from(&email, "WrongPass123", guesser).await.expect_err("wrong");
        assert!(matches!(refused, AccountError::InvalidCredentials), "{refused}");
    }

    let (verifications_before, events) = (harness.hasher.verifications(), security_events("locked_out"));
    let right = harness.login_from(&email.to_uppercase(), PASSWORD, guesser).await.expect_err("too many");

    let AccountError::TooManyAttempts { retry_after } = right else { panic!("{right}") };
    assert!(security_events("locked_out") > events);
    assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(901));
    assert_eq!(harness.hasher.verifications(), verifications_before, "a refused guess costs no hash");
    harness.login_from(&email, PASSWORD, fresh_address()).await.expect("the owner is elsewhere");
}

#[sqlx::test(migrations = "../../migrations")]
async fn ten_failures_throttle_the_address_they_come_from_and_not_the_owner(pool: PgPool) {
    an_address_is_throttled_after_ten_guesses_and_the_owner_is_not(Harness::with_throttle(pool, on_redis())).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_redis_the_process_counts_failures_itself(pool: PgPool) {
    let harness = Harness::with_throttle(pool, on_unreachable_redis());
    an_address_is_throttled_after_ten_guesses_and_the_owner_is_not(harness).await;
}

/// An account that was guessed at from as many addresses as it takes, after a login from the returned address.
async fn guessed_from_everywhere(harness: &Harness, limit: u32) -> (String, IpAddr) {
    let (email, home) = (fresh_email(), fresh_address());
    harness.seed(&email, Role::Customer).await;
    harness.login_from(&email, PASSWORD, home).await.expect("nothing was guessed yet");
    for _guess in 0..limit {
        let refused = harness.login_from(&email, "WrongPass123", fresh_address()).await.expect_err("wrong");
        assert!(matches!(refused, AccountError::InvalidCredentials), "{refused}");
    }
    (email, home)
}

fn on_redis_with_account_limit(per_account: u32) -> LoginThrottle {
    let limits = LoginLimits { per_account: per_account.try_into().expect("not zero"), ..LoginLimits::default() };
    LoginThrottle::new(Some(redis()), limits)
}

#[sqlx::test(migrations = "../../migrations")]
async fn guesses_from_everywhere_throttle_new_addresses_and_not_one_that_has_logged_in_before(pool: PgPool) {
    let harness = Harness::with_throttle(pool, on_redis_with_account_limit(5));
    let (email, home) = guessed_from_everywhere(&harness, 5).await;

    let elsewhere = harness.login_from(&email, PASSWORD, fresh_address()).await.expect_err("a new address");
    assert!(matches!(elsewhere, AccountError::TooManyAttempts { .. }), "{elsewhere}");
    harness.login_from(&email, PASSWORD, home).await.expect("a known address");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_admin_lifts_the_throttle_of_an_account(pool: PgPool) {
    let harness = Harness::with_throttle(pool, on_redis_with_account_limit(5));
    let (email, _home) = guessed_from_everywhere(&harness, 5).await;
    let user = harness.accounts.find_user_by_email(&email.parse().unwrap()).await.expect("a user");

    let change = UserChange { unlock: true, ..UserChange::default() };
    let who = (ChangedBy::Operator, Some("asked by phone".to_owned()));
    let now = platform::clock::now();
    harness
        .accounts
        .update_user(user.id, change, who, now, (&NoAudit, &FormerVendors::default()))
        .await
        .expect("unlocked");

    harness.login_from(&email, PASSWORD, fresh_address()).await.expect("not throttled any more");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_successful_login_resets_the_failures_before_it(pool: PgPool) {
    let harness = Harness::with_throttle(pool, on_redis());
    let email = fresh_email();
    harness.seed(&email, Role::Customer).await;

    let address = fresh_address();
    for _ in 0..2 {
        for _ in 0..9 {
            harness.login_from(&email, "WrongPass123", address).await.unwrap_err();
        }
        assert!(harness.login_from(&email, PASSWORD, address).await.is_ok());
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
