//! Cross-origin requests of browsers. The tests' api allows `https://shop.example`.

use crate::client::{ApiClient, ApiRequest, get};
use axum::http::{Method, StatusCode};
use sqlx::PgPool;

fn preflight(origin: &str) -> ApiRequest {
    ApiRequest::new(Method::OPTIONS, "/orders")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,idempotency-key")
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_page_of_an_allowed_origin_may_place_orders_and_read_the_answer(pool: PgPool) {
    let client = ApiClient::new(pool);

    let preflight = client.send(preflight("https://shop.example")).await;
    assert_eq!(preflight.status, StatusCode::OK);
    assert_eq!(preflight.headers["access-control-allow-origin"], "https://shop.example");
    let allowed = preflight.headers["access-control-allow-headers"].to_str().expect("text");
    assert!(
        ["authorization", "content-type", "idempotency-key"].iter().all(|name| allowed.contains(name)),
        "{allowed}"
    );

    let read = client.send(get("/products").header("origin", "https://shop.example")).await;
    assert_eq!(read.headers["access-control-allow-origin"], "https://shop.example");
    let exposed = read.headers["access-control-expose-headers"].to_str().expect("text");
    assert!(["location", "retry-after", "x-request-id"].iter().all(|name| exposed.contains(name)), "{exposed}");
    let refused = client.send(get("/orders").header("origin", "https://shop.example")).await;
    assert_eq!(refused.headers["access-control-allow-origin"], "https://shop.example", "errors can be read too");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_page_of_another_origin_may_read_nothing(pool: PgPool) {
    let client = ApiClient::new(pool);

    let preflight = client.send(preflight("https://evil.example")).await;
    let read = client.send(get("/products").header("origin", "https://evil.example")).await;

    assert!(!preflight.headers.contains_key("access-control-allow-origin"));
    assert!(!read.headers.contains_key("access-control-allow-origin"));
    assert!(read.headers["vary"].to_str().expect("text").contains("origin"), "caches must tell origins apart");
}
