//! The requests that the project's description prints, in their order.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::{Goods, TestSystem, eventually};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_requests_that_the_description_prints_work_as_they_stand() {
    let system = TestSystem::of("front_page").goods(Goods::of("SKU-HEADPHONES", 10)).start().await;
    let api = system.api_url().to_owned();

    let token = sign_up(&api).await;
    let id = place_twice(&api, &token).await;
    eventually("the order to be confirmed", LIMIT, || async {
        let order = answer(&api, Method::GET, &format!("/api/v1/orders/{id}"), |ask| ask.bearer_auth(&token)).await;
        let status = order.1["status"].as_str().unwrap_or_default().to_owned();
        let ahead = ["confirmed", "shipped", "delivered"].contains(&status.as_str());
        if ahead { Ok(()) } else { Err(order.1.to_string()) }
    })
    .await;
    for path in ["/api/v1/system/health", "/api/v1/system/metrics", "/docs/", "/openapi.json", "/system/health"] {
        assert_eq!(answer(&api, Method::GET, path, |ask| ask).await.0, StatusCode::OK, "{path}");
    }
    let (_, workers) = answer(&api, Method::GET, "/api/v1/system/workers", |ask| ask).await;
    expect_summary(&workers);
    system.finish().await;
}

async fn sign_up(api: &str) -> String {
    let body = json!({
        "email": "customer@orders.local", "password": "CustomerPass123", "full_name": "Demo Customer"
    });
    let (status, answer) = answer(api, Method::POST, "/api/v1/auth/signup", |ask| ask.json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(answer["user"]["full_name"], "Demo Customer");
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// The same request twice has one answer; its order's id is answered.
async fn place_twice(api: &str, token: &str) -> String {
    let body = json!({ "currency": "USD", "items": [{ "sku": "SKU-HEADPHONES", "quantity": 2 }] });
    let place = || {
        let with =
            |ask: RequestBuilder| ask.bearer_auth(token).header("idempotency-key", "order-2026-0001").json(&body);
        answer(api, Method::POST, "/api/v1/orders", with)
    };
    let (status, placed) = place().await;
    assert_eq!(status, StatusCode::ACCEPTED, "{placed}");
    let told = ["status", "order_status", "message"].map(|member| placed[member].as_str().unwrap_or_default());
    assert_eq!(told, ["accepted", "pending", "Order accepted for async processing"]);
    assert_eq!(place().await, (status, placed.clone()));
    placed["order_id"].as_str().expect("an id").to_owned()
}

/// Processes by role and queues, and nothing that tells where they run.
fn expect_summary(workers: &Value) {
    let roles: Vec<_> = workers["roles"].as_array().expect("roles").iter().map(|role| role["role"].as_str()).collect();
    assert_eq!(roles, [Some("api"), Some("scheduler"), Some("worker")], "{workers}");
    let queue = &workers["queues"][0];
    assert!(queue["name"].is_string() && queue["messages"].is_u64() && queue["consumers"].is_u64(), "{workers}");
    assert!(workers.get("processes").is_none(), "{workers}");
}

async fn answer(
    api: &str,
    method: Method,
    path: &str,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> (StatusCode, Value) {
    let request = reqwest::Client::new().request(method, format!("{api}{path}")).timeout(LIMIT);
    let answer = with(request).send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
