use crate::desk::{Desk, EMAIL, HERE, PASSWORD, security_events};
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

fn on_no_redis() -> LoginThrottle {
    let nowhere = RedisArgs { redis_url: "redis://127.0.0.1:1/0".into() };
    LoginThrottle::new(Some(Redis::new(&nowhere).expect("an address")), LoginLimits::default())
}

/// Tests share one Redis, so each has addresses and accounts of its own.
fn fresh_email() -> String {
    format!("{}@orders.local", Uuid::now_v7().simple())
}

fn fresh_address() -> IpAddr {
    IpAddr::from(Uuid::new_v4().into_bytes())
}

async fn the_eleventh_guess_waits(desk: Desk) {
    let email = fresh_email();
    desk.seed(&email, Role::Customer).await;
    for _ in 0..10 {
        let refused = desk.login_from(&email, "WrongPass123", fresh_address()).await.expect_err("wrong");
        assert!(matches!(refused, AccountError::InvalidCredentials), "{refused}");
    }

    let (verifications_before, events) = (desk.hasher.verifications(), security_events("locked_out"));
    let right = desk.login_from(&email.to_uppercase(), PASSWORD, fresh_address()).await.expect_err("too many");

    let AccountError::TooManyAttempts { retry_after } = right else { panic!("{right}") };
    assert!(security_events("locked_out") > events);
    assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(901));
    assert_eq!(desk.hasher.verifications(), verifications_before, "a refused guess costs no hash");
}

#[sqlx::test(migrations = "../../migrations")]
async fn after_ten_failures_an_account_has_to_wait_wherever_the_guesses_come_from(pool: PgPool) {
    the_eleventh_guess_waits(Desk::with_throttle(pool, on_redis())).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_redis_the_process_counts_for_itself(pool: PgPool) {
    the_eleventh_guess_waits(Desk::with_throttle(pool, on_no_redis())).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_success_forgives_the_failures_before_it(pool: PgPool) {
    let desk = Desk::with_throttle(pool, on_redis());
    let email = fresh_email();
    desk.seed(&email, Role::Customer).await;

    for _ in 0..2 {
        for _ in 0..9 {
            desk.login_from(&email, "WrongPass123", fresh_address()).await.unwrap_err();
        }
        assert!(desk.login_from(&email, PASSWORD, fresh_address()).await.is_ok());
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn guesses_made_all_at_once_get_no_more_chances_than_one_by_one(pool: PgPool) {
    let desk = Desk::with_throttle(pool, on_redis());
    let email = fresh_email();
    desk.seed(&email, Role::Customer).await;

    let guesses = (0..30).map(|_| desk.login_from(&email, "WrongPass123", HERE));
    let outcomes = futures::future::join_all(guesses).await;

    let told_wrong = outcomes.iter().filter(|outcome| matches!(outcome, Err(AccountError::InvalidCredentials)));
    assert!(told_wrong.count() <= 10);
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_address_that_fails_over_many_accounts_has_to_wait(pool: PgPool) {
    let limits = LoginLimits { per_address: 5.try_into().unwrap(), ..LoginLimits::default() };
    let desk = Desk::with_throttle(pool, LoginThrottle::new(None, limits));

    for guess in 0..5 {
        let refused = desk.login_from(&format!("{guess}{EMAIL}"), PASSWORD, HERE).await.unwrap_err();
        assert!(matches!(refused, AccountError::InvalidCredentials), "{refused}");
    }

    let refused = desk.login_from("another@orders.local", PASSWORD, HERE).await.unwrap_err();
    assert!(matches!(refused, AccountError::TooManyAttempts { .. }));
    let elsewhere =
        desk.login_from("another@orders.local", PASSWORD, Ipv4Addr::new(192, 0, 2, 2).into()).await.unwrap_err();
    assert!(matches!(elsewhere, AccountError::InvalidCredentials));
}
