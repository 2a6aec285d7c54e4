//! The error texts of problems name the part of the request, its value, what is allowed and what to do next.

use crate::client::{ApiClient, ApiRequest, ApiResponse, HEADPHONES, TestUser, get, post};
use accounts::Role;
use axum::body::to_bytes;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;

/// Every text of the response: its own and those of its errors.
pub fn texts(response: &ApiResponse) -> Vec<String> {
    let errors = response.body["errors"].as_array().into_iter().flatten().map(|error| &error["detail"]);
    let details = std::iter::once(&response.body["detail"]).chain(errors);
    details.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn errors(response: &ApiResponse) -> Vec<String> {
    texts(response).split_off(1)
}

fn order(user: &TestUser, body: &Value) -> ApiRequest {
    post("/orders").by(user).header("idempotency-key", "texts").json(body)
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_field_is_named_with_the_known_ones(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;

    let response = client.send(order(&customer, &json!({ "items": [], "full_nam": "x" }))).await;

    let expected = "Unknown field `full_nam`. Allowed: `currency`, `items`, `payment_method`, `note`, `ship_to`, \
                    `contact`, `external_ref`, `metadata`, `shipping_minor`, `allocation_policy`, \
                    `exchange_of`.";
    assert!(texts(&response).contains(&expected.to_owned()), "{}", response.body);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_bad_value_is_named_with_its_field_the_rule_and_itself(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;
    let items = json!([{ "sku": "x y", "quantity": 0 }, { "sku": HEADPHONES, "quantity": "2" }, {}]);

    let response = client.send(order(&customer, &json!({ "items": items, "currency": "usd" }))).await;

    assert_eq!(response.body["detail"], "6 fields are invalid; see `errors`.");
    assert_eq!(
        errors(&response),
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
async fn an_unknown_parameter_or_value_of_a_query_is_named_with_the_known_ones(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;

    let response = client.send(get("/orders?page=2&status=foo&limit=0&cursor=x").by(&customer)).await;

    let errors = errors(&response).join("\n");
    for expected in [
        "Unknown query parameter `page`. Allowed: `status`,",
        "`status` must be `pending`, `confirmed`, `shipped`, `delivered`, `rejected`, `cancelling` or `cancelled`, or several of them separated by commas, got `foo`.",
        "`limit` must be a whole number from 1 to 100, got `0`.",
        "`cursor` must be the `next_cursor` of an earlier page of this list, got `x`.",
    ] {
        assert!(errors.contains(expected), "{expected}\n{errors}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_secret_is_in_no_text(pool: PgPool) {
    let client = ApiClient::new(pool);

    for password in [json!("hunter2"), json!("hunter2\0"), json!(["hunter2"])] {
        let body = json!({ "email": "somebody@example.com", "password": password });
        let response = client.send(post("/auth/signup").json(&body)).await;
        assert!(texts(&response)[0].starts_with("`password` must "), "{}", response.body);
        assert!(!response.body.to_string().contains("hunter2"), "{}", response.body);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_error_about_a_route_an_id_or_a_role_names_the_alternatives(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;

    let detail = async |request| texts(&client.send(request).await).remove(0);

    assert_eq!(detail(get("/order")).await, "No route matches `/api/v1/order`; see `/docs`.");
    let delete = ApiRequest::new(Method::DELETE, "/orders");
    assert_eq!(detail(delete).await, "`DELETE` is not supported by this path; use `GET`, `HEAD` or `POST`.");
    let uuid = "`id` must be a UUID, got `123`.";
    assert_eq!(detail(get("/orders/123").by(&vendor)).await, uuid);
    let forbidden = "Role `vendor` may not place orders; this needs role `customer` or `admin`.";
    assert_eq!(detail(post("/orders").by(&vendor)).await, forbidden);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_removal_of_stock_names_the_stock_level(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let warehouse = client.create_stock(vendor.id).await;
    let body = json!({ "sku": HEADPHONES, "warehouse_id": warehouse.to_string(), "quantity": -120, "reason": "count" });

    let response = client.send(post("/inventory/adjustments").by(&vendor).json(&body)).await;

    let expected = "`quantity`: removing 120 units would leave -20; 100 are on hand, 0 reserved.";
    assert_eq!(response.expect_problem(409, "insufficient-stock")["detail"], expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_browser_gets_a_problem_page_that_loads_nothing_else(pool: PgPool) {
    let client = ApiClient::new(pool);
    let request = Request::get("/problems/unauthenticated").header("host", "localhost");
    let request = request.header("accept", "text/html,application/xml;q=0.9,*/*;q=0.8");

    let response = client.router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let page = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    for part in ["<h1>Authentication required</h1>", "Cause", "What to do", "Bearer &lt;access token&gt;"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("http:"), "{page}");
    let json = client.send(get("/problems/unauthenticated").header("accept", "*/*")).await.expect(StatusCode::OK);
    assert_eq!(json["title"], "Authentication required");
}
