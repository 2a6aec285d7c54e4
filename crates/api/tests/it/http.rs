//! Behaviour that all routes share: problems, headers, limits and the OpenAPI document. The numbers in the test names
//! are those of the list of bad input.

use crate::client::{ApiClient, ApiRequest, get, post};
use axum::http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;

#[sqlx::test(migrations = "../../migrations")]
async fn a_problem_has_this_shape(pool: PgPool) {
    let client = ApiClient::new(pool);
    let body = json!({ "email": "nobody", "password": "short", "role": "admin" });

    let response = client.send(post("/auth/signup").header("x-request-id", "shop-17").json(&body)).await;

    insta::assert_json_snapshot!(response.expect_problem(422, "validation"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_kind_of_problem_has_a_page_that_explains_it(pool: PgPool) {
    let client = ApiClient::new(pool);

    let explained = client.send(get("/problems/idempotency-key-reused")).await.expect(StatusCode::OK);

    assert_eq!(explained["status"], 422);
    assert!(explained["cause"].is_string() && explained["cure"].is_string(), "{explained}");
    assert_eq!(explained["example"]["code"], "idempotency-key-reused");
    client.send(get("/problems/no-such")).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_route_is_404_and_an_unsupported_method_405_46(pool: PgPool) {
    let client = ApiClient::new(pool);

    client.send(get("/no-such")).await.expect_problem(404, "not-found");
    client.send(get("/api/v2/orders")).await.expect_problem(404, "not-found");
    for (method, path, allow) in [
        (Method::PUT, "/orders", "GET,HEAD,POST"),
        (Method::TRACE, "/", "GET,HEAD"),
        (Method::DELETE, "/auth/login", "POST"),
    ] {
        let response = client.send(ApiRequest::new(method, path)).await;
        let mut allowed: Vec<_> = response.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow, "{path}");
        response.expect_problem(405, "method-not-allowed");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn headers_that_are_too_large_or_not_acceptable_are_refused_44_45(pool: PgPool) {
    let client = ApiClient::new(pool);

    client.send(get("/products").header("accept", "application/xml")).await.expect_problem(406, "not-acceptable");
    client.send(get("/products").header("accept", "text/html, */*;q=0.1")).await.expect(StatusCode::OK);
    client
        .send(get("/products").header("x-padding", &"x".repeat(20_000)))
        .await
        .expect_problem(431, "headers-too-large");
    client.send(get(&format!("/products?q={}", "x".repeat(60_000)))).await.expect_problem(414, "uri-too-long");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_response_has_an_id_and_security_headers(pool: PgPool) {
    let client = ApiClient::new(pool);

    for request in [get("/products"), get("/no-such"), get("/auth/me"), get("/system/health/live")] {
        let headers = client.send(request).await.headers;
        assert_eq!(headers["x-request-id"].len(), 36);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
    let odd = client.send(get("/products").header("x-request-id", "two words\"")).await;
    assert_eq!(odd.headers["x-request-id"].len(), 36);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_408_41() {
    // Otherwise the request waits for a first connection, which it does not get.
    platform::clock::synchronize(platform::clock::now(), std::time::Instant::now());
    let unreachable = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let client = ApiClient::new(unreachable);
    let dripping = futures::stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>("["), ()))
    });

    let begun = tokio::time::Instant::now();
    let request = post("/auth/login").header("content-type", "application/json");
    let response = client.send(request.body(axum::body::Body::from_stream(dripping))).await;

    response.expect_problem(408, "request-timeout");
    assert!(begun.elapsed() <= Duration::from_secs(10));
}

#[sqlx::test(migrations = "../../migrations")]
async fn requests_beyond_the_limit_get_503(pool: PgPool) {
    let client = ApiClient::new(pool);
    let all = client.state.requests.try_acquire_many(64).unwrap();

    let response = client.send(get("/products")).await;

    assert_eq!(response.headers["retry-after"], "1");
    response.expect_problem(503, "overloaded");
    client.send(get("/system/health/live")).await.expect(StatusCode::OK);
    drop(all);
    client.send(get("/products")).await.expect(StatusCode::OK);
}
