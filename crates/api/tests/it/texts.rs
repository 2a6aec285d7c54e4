//! What the texts of problems tell: the part of the request, its value, what is allowed, and what to do next.

use crate::client::{Answer, Ask, Door, HEADPHONES, Person, get, post};
use accounts::Role;
use axum::body::to_bytes;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;

/// Every text of the answer: its own and those of its errors.
pub fn texts(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().into_iter().flatten().map(|error| &error["detail"]);
    let details = std::iter::once(&answer.body["detail"]).chain(errors);
    details.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn errors(answer: &Answer) -> Vec<String> {
    texts(answer).split_off(1)
}

fn order(person: &Person, body: &Value) -> Ask {
    post("/orders").of(person).header("idempotency-key", "texts").json(body)
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_field_is_named_with_the_known_ones(pool: PgPool) {
    let door = Door::open(pool);
    let customer = door.customer().await;

    let answer = door.send(order(&customer, &json!({ "items": [], "full_nam": "x" }))).await;

    let told = "Unknown field `full_nam`. Allowed: `currency`, `items`, `payment_method`, `note`.";
    assert!(texts(&answer).contains(&told.to_owned()), "{}", answer.body);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_bad_value_is_named_with_its_field_the_rule_and_itself(pool: PgPool) {
    let door = Door::open(pool);
    let customer = door.customer().await;
    let items = json!([{ "sku": "x y", "quantity": 0 }, { "sku": HEADPHONES, "quantity": "2" }, {}]);

    let answer = door.send(order(&customer, &json!({ "items": items, "currency": "usd" }))).await;

    assert_eq!(answer.body["detail"], "6 fields are invalid; see `errors`.");
    assert_eq!(
        errors(&answer),
        [
            "`currency` must be an ISO 4217 code of three capital letters, such as USD, got `usd`.",
            "`items[0].sku` must be 1 to 64 letters, digits, dots, dashes or underscores, got `x y`.",
            "`items[0].quantity` must be a whole number from 1 to 1000, got `0`.",
            "`items[1].quantity` must be a whole number, got the string `2`.",
            "`items[2].sku` is required.",
            "`items[2].quantity` is required.",
        ]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_parameter_or_word_of_a_query_is_named_with_the_known_ones(pool: PgPool) {
    let door = Door::open(pool);
    let customer = door.customer().await;

    let answer = door.send(get("/orders?page=2&status=foo&limit=0&cursor=x").of(&customer)).await;

    let told = errors(&answer).join("\n");
    for expected in [
        "Unknown query parameter `page`. Allowed: `status`,",
        "`status` must be `pending`, `confirmed`, `shipped`, `delivered`, `rejected`, `cancelling` or `cancelled`, got `foo`.",
        "`limit` must be a whole number from 1 to 100, got `0`.",
        "`cursor` must be the `next_cursor` of an earlier page of this list, got `x`.",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_secret_is_in_no_text(pool: PgPool) {
    let door = Door::open(pool);

    for password in [json!("hunter2"), json!("hunter2\0"), json!(["hunter2"])] {
        let body = json!({ "email": "somebody@example.com", "password": password });
        let answer = door.send(post("/auth/signup").json(&body)).await;
        assert!(texts(&answer)[0].starts_with("`password` must "), "{}", answer.body);
        assert!(!answer.body.to_string().contains("hunter2"), "{}", answer.body);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_not_there_or_not_possible_tells_the_next_step(pool: PgPool) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;

    let told = async |ask| texts(&door.send(ask).await).remove(0);

    assert_eq!(told(get("/order")).await, "No route matches `/api/v1/order`; see `/docs`.");
    let delete = Ask::new(Method::DELETE, "/orders");
    assert_eq!(told(delete).await, "`DELETE` is not supported by this path; use `GET`, `HEAD` or `POST`.");
    let uuid = "`id` must be a UUID, got `123`.";
    assert_eq!(told(get("/orders/123").of(&vendor)).await, uuid);
    let forbidden = "Role `vendor` may not place orders; this needs role `customer` or `admin`.";
    assert_eq!(told(post("/orders").of(&vendor)).await, forbidden);
}

#[sqlx::test(migrations = "../../migrations")]
async fn stock_that_can_not_be_removed_is_told_with_its_counters(pool: PgPool) {
    let door = Door::open(pool);
    let vendor = door.person("vendor", Role::Vendor).await;
    let warehouse = door.stock(vendor.id).await;
    let body = json!({ "sku": HEADPHONES, "warehouse_id": warehouse.to_string(), "quantity": -120, "reason": "count" });

    let answer = door.send(post("/inventory/adjustments").of(&vendor).json(&body)).await;

    let told = "`quantity`: removing 120 units would leave -20; 100 are on hand, 0 reserved.";
    assert_eq!(answer.expect_problem(409, "insufficient-stock")["detail"], told);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_browser_gets_a_page_of_each_kind_that_loads_nothing(pool: PgPool) {
    let door = Door::open(pool);
    let asked = Request::get("/problems/unauthenticated").header("host", "localhost");
    let asked = asked.header("accept", "text/html,application/xml;q=0.9,*/*;q=0.8");

    let response = door.router.clone().oneshot(asked.body(axum::body::Body::empty()).unwrap()).await.unwrap();

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let page = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    for part in ["<h1>Authentication required</h1>", "Cause", "What to do", "Bearer &lt;access token&gt;"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("http:"), "{page}");
    let json = door.send(get("/problems/unauthenticated").header("accept", "*/*")).await.expect(StatusCode::OK);
    assert_eq!(json["title"], "Authentication required");
}
