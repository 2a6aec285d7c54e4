//! The requests that the project's README shows, in order.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::{SeedProduct, TestSystem, eventually};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_requests_in_the_readme_work_unchanged() {
    let system = TestSystem::of("front_page").product(SeedProduct::of("SKU-HEADPHONES", 10)).start().await;
    let api = system.api_url().to_owned();

    let token = sign_up(&api).await;
    let id = place_twice(&api, &token).await;
    eventually("the order to be confirmed", LIMIT, || async {
        let path = format!("/api/v1/orders/{id}");
        let (_, order) = send(&api, Method::GET, &path, |request| request.bearer_auth(&token)).await;
        let status = order["status"].as_str().unwrap_or_default();
        if ["confirmed", "shipped", "delivered"].contains(&status) { Ok(()) } else { Err(order.to_string()) }
    })
    .await;
    for path in ["/api/v1/system/health", "/api/v1/system/metrics", "/docs/", "/openapi.json", "/system/health"] {
        assert_eq!(send(&api, Method::GET, path, |request| request).await.0, StatusCode::OK, "{path}");
    }
    let (_, workers) = send(&api, Method::GET, "/api/v1/system/workers", |request| request).await;
    expect_summary(&workers);
    system.finish().await;
}

async fn sign_up(api: &str) -> String {
    let body = json!({
        "email": "customer@orders.local", "password": "CustomerPass123", "full_name": "Demo Customer"
    });
    let (status, session) = send(api, Method::POST, "/api/v1/auth/signup", |request| request.json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    assert_eq!(session["user"]["full_name"], "Demo Customer");
    session["access_token"].as_str().expect("a token").to_owned()
}

/// Sends the same request twice, expects equal responses, and returns the order's id.
async fn place_twice(api: &str, token: &str) -> String {
    let body = json!({ "currency": "USD", "items": [{ "sku": "SKU-HEADPHONES", "quantity": 2 }] });
    let place = || {
        let with = |request: RequestBuilder| {
            request.bearer_auth(token).header("idempotency-key", "order-2026-0001").json(&body)
        };
        send(api, Method::POST, "/api/v1/orders", with)
    };
    let (status, placed) = place().await;
    assert_eq!(status, StatusCode::ACCEPTED, "{placed}");
    let members = ["status", "order_status", "message"].map(|member| placed[member].as_str().unwrap_or_default());
    assert_eq!(members, ["accepted", "pending", "Order accepted for async processing"]);
    assert_eq!(place().await, (status, placed.clone()));
    placed["order_id"].as_str().expect("an id").to_owned()
}

/// The summary contains roles and queues, but not the addresses of the processes.
fn expect_summary(workers: &Value) {
    let roles: Vec<_> = workers["roles"].as_array().expect("roles").iter().map(|role| role["role"].as_str()).collect();
    assert_eq!(roles, [Some("api"), Some("scheduler"), Some("worker")], "{workers}");
    let queue = &workers["queues"][0];
    assert!(queue["name"].is_string() && queue["messages"].is_u64() && queue["consumers"].is_u64(), "{workers}");
    assert!(workers.get("processes").is_none(), "{workers}");
}

async fn send(
    api: &str,
    method: Method,
    path: &str,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> (StatusCode, Value) {
    let request = reqwest::Client::new().request(method, format!("{api}{path}")).timeout(LIMIT);
    let response = with(request).send().await.expect("a response");
    let status = response.status();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
