//! Rate limits per principal and per client address.

use crate::client::{ApiClient, ApiResponse, OPTIONS, PASSWORD, TestUser, get, post};
use accounts::Role;
use api::{Options, RateLimitArgs};
use axum::http::StatusCode;
use platform::postgres::{PoolActivity, Pools};
use serde_json::json;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// With one trusted proxy, so that a test chooses the address of each request.
fn client(pool: PgPool, limits: RateLimitArgs) -> ApiClient {
    let pools = Pools { vital: pool.clone(), common: pool, pool_activity: PoolActivity::default() };
    let options = Options { trusted_proxies: 1, ..OPTIONS };
    ApiClient::with_rate_limits(pools, options, limits)
}

async fn read(client: &ApiClient, user: &TestUser, address: &str) -> ApiResponse {
    client.send(get("/auth/me").by(user).header("x-forwarded-for", address)).await
}

fn header<'a>(response: &'a ApiResponse, name: &str) -> &'a str {
    response.headers[name].to_str().expect("text")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_principal_at_its_limit_gets_429_while_others_are_served(pool: PgPool) {
    let client = client(pool, RateLimitArgs { rate_limit_reads: 3, ..RateLimitArgs::unlimited() });
    let (busy, other) = (client.customer().await, client.create_user("other", Role::Customer).await);

    for left in ["2", "1", "0"] {
        let served = read(&client, &busy, "192.0.2.1").await;
        assert_eq!(served.status, StatusCode::OK);
        assert_eq!(header(&served, "ratelimit-policy"), "\"reads\";q=3;w=60");
        assert!(header(&served, "ratelimit").starts_with(&format!("\"reads\";r={left};t=")));
    }
    let refused = read(&client, &busy, "192.0.2.2").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "too-many-requests"));
    let wait: u64 = header(&refused, "retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(header(&refused, "ratelimit"), format!("\"reads\";r=0;t={wait}"));

    assert_eq!(read(&client, &other, "192.0.2.1").await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_address_at_its_limit_gets_429_before_its_token_is_looked_at(pool: PgPool) {
    let client = client(pool, RateLimitArgs { rate_limit_reads_per_address: 2, ..RateLimitArgs::unlimited() });
    let user = client.customer().await;
    for _guess in 0..2 {
        let guess = get("/auth/me").token("guessed").header("x-forwarded-for", "2001:db8:1:2::1");
        assert_eq!(client.send(guess).await.status, StatusCode::UNAUTHORIZED);
    }

    assert_eq!(read(&client, &user, "2001:db8:1:2::9").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(read(&client, &user, "2001:db8:1:3::9").await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_class_of_routes_has_its_own_quota(pool: PgPool) {
    let limits = RateLimitArgs { rate_limit_writes: 1, rate_limit_auth_per_address: 2, ..RateLimitArgs::unlimited() };
    let client = client(pool, limits);
    let user = client.customer().await;
    let cancel = || post("/orders/019a0000-0000-7000-8000-000000000000/cancel").by(&user);

    assert_eq!(client.send(cancel()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.send(cancel()).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(read(&client, &user, "192.0.2.1").await.status, StatusCode::OK);
    let login = json!({ "email": user.email, "password": PASSWORD });
    let login = async || client.send(post("/auth/login").json(&login).header("x-forwarded-for", "192.0.2.7")).await;
    assert_eq!(login().await.status, StatusCode::OK);
    assert_eq!(login().await.status, StatusCode::OK);
    assert_eq!(login().await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_principal_can_not_take_the_streams_of_others(pool: PgPool) {
    let client = client(pool, RateLimitArgs { streams_per_principal: 1, ..RateLimitArgs::unlimited() });
    let (vendor, customer) = (client.create_user("vendor", Role::Vendor).await, client.customer().await);
    client.create_stock(vendor.id).await;
    let order = client.place(&customer).await;
    let stream = || get(&format!("/orders/{order}/stream"));

    let open = client.open(stream().by(&customer)).await;
    client.send(stream().by(&customer)).await.expect_problem(429, "too-many-requests");
    drop(client.open(stream().by(&vendor)).await);
    drop(open);
    drop(client.open(stream().by(&customer)).await);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_part_of_a_quota_may_be_spent_at_once(pool: PgPool) {
    let client = client(
        pool,
        RateLimitArgs { rate_limit_reads: 60, rate_limit_burst_percent: 20, ..RateLimitArgs::unlimited() },
    );
    let user = client.customer().await;

    for _request in 0..12 {
        assert_eq!(read(&client, &user, "192.0.2.1").await.status, StatusCode::OK);
    }
    let refused = read(&client, &user, "192.0.2.1").await;

    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "ratelimit-policy"), "\"reads\";q=12;w=5");
    let wait: u64 = header(&refused, "retry-after").parse().expect("seconds");
    assert!((1..=5).contains(&wait), "{wait}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_caller_who_goes_on_although_refused_is_answered_later(pool: PgPool) {
    let client = client(pool, RateLimitArgs { rate_limit_reads_per_address: 1, ..RateLimitArgs::unlimited() });
    let describe = async || client.send(get("/openapi.json").header("x-forwarded-for", "192.0.2.1")).await.status;

    assert_eq!(describe().await, StatusCode::OK);
    for _refusal in 0..20 {
        assert_eq!(describe().await, StatusCode::TOO_MANY_REQUESTS);
    }
    let started = Instant::now();
    assert_eq!(describe().await, StatusCode::TOO_MANY_REQUESTS);

    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[sqlx::test(migrations = "../../migrations")]
async fn probes_and_metrics_are_never_limited(pool: PgPool) {
    let limits = RateLimitArgs { rate_limit_reads_per_address: 1, ..RateLimitArgs::unlimited() };
    let client = client(pool, limits);

    for _probe in 0..5 {
        assert_eq!(client.send(get("/system/health/live")).await.status, StatusCode::OK);
        assert_eq!(client.send(get("/metrics")).await.status, StatusCode::OK);
    }
}
