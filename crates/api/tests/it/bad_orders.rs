//! Invalid orders, each refused with its own problem. The numbers in the test names are those of the list of bad input.

use crate::client::{ApiClient, ApiRequest, CABLE, EURO, HEADPHONES, TREASURE, TestUser, post};
use accounts::Role;
use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

async fn setup(pool: PgPool) -> (ApiClient, TestUser) {
    let client = ApiClient::new(pool);
    let vendor = client.seed_user("vendor@orders.local", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let customer = client.customer().await;
    (client, customer)
}

fn keyed(user: &TestUser, key: &str) -> ApiRequest {
    post("/orders").by(user).header("idempotency-key", key)
}

fn good_order() -> Value {
    json!({ "currency": "USD", "items": [{ "sku": HEADPHONES, "quantity": 2 }] })
}

fn with(name: &str, value: Value) -> Value {
    let mut order = good_order();
    order[name] = value;
    order
}

fn item(sku: &Value, quantity: &Value) -> Value {
    with("items", json!([{ "sku": sku, "quantity": quantity }]))
}

async fn orders_stored(client: &ApiClient) -> i64 {
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM orders.orders"#);
    count.fetch_one(&client.pool).await.expect("a count")
}

#[sqlx::test(migrations = "../../migrations")]
async fn missing_and_invalid_keys_are_refused_1_to_5(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let order = || post("/orders").by(&customer).json(&good_order());

    client.send(order()).await.expect_problem(400, "idempotency-key-missing");
    for bad in ["", "   ", "\"\"", &"x".repeat(256), "a b"] {
        client.send(order().header("idempotency-key", bad)).await.expect_problem(400, "idempotency-key-invalid");
    }
    for bad in [&b"k\xc3\xa9y"[..], b"tab\tkey"] {
        client.send(order().header_bytes("idempotency-key", bad)).await.expect_problem(400, "idempotency-key-invalid");
    }
    let two = order().header("idempotency-key", "one").header("idempotency-key", "one");
    client.send(two).await.expect_problem(400, "idempotency-key-invalid");
    assert_eq!(orders_stored(&client).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn malformed_json_is_400_13_to_17(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let deep = format!(r#"{{"currency":"USD","items":{}"#, "[".repeat(200));
    let bodies: [&[u8]; 6] = [
        b"",
        br#"{"currency":"USD","items":["#,
        deep.as_bytes(),
        br#"{"note":"\ud800","items":[]}"#,
        b"{\"note\":\"\xff\",\"items\":[]}",
        b"{} trailing",
    ];

    for body in bodies {
        client.send(keyed(&customer, "bad-json").text(body)).await.expect_problem(400, "malformed-json");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_order_is_422_and_names_the_member_18_to_30_33_to_37(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let lines = |count: usize| (0..count).map(|n| json!({"sku": format!("S{n}"), "quantity": 1})).collect::<Value>();
    let two = json!(2);
    let sku = json!(HEADPHONES);
    let cases: Vec<(String, &str)> = vec![
        (with("note", json!("nul\0")).to_string(), "/note"),
        (json!([good_order()]).to_string(), ""),
        (r#"["USD",[]]"#.into(), ""),
        (r#"{"currency":"USD","currency":"USD","items":[{"sku":"A","quantity":1}]}"#.into(), "/currency"),
        (with("status", json!("paid")).to_string(), "/status"),
        (with("unit_price", json!(1)).to_string(), "/unit_price"),
        (with("total", json!(1)).to_string(), "/total"),
        (
            with("items", json!([{"sku": HEADPHONES, "quantity": 1, "unit_price": 1}])).to_string(),
            "/items/0/unit_price",
        ),
        (with("user_id", json!("somebody")).to_string(), "/user_id"),
        (with("items", json!([])).to_string(), "/items"),
        (json!({ "currency": "USD" }).to_string(), "/items"),
        (with("items", lines(101)).to_string(), "/items"),
        (with("items", json!({})).to_string(), "/items"),
        (with("items", json!([1])).to_string(), "/items/0"),
        (item(&sku, &json!(0)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(-1)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(1001)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(2_147_483_648_i64)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(9_223_372_036_854_775_808_u64)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(1.5)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(2.0)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!("2")).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(null)).to_string(), "/items/0/quantity"),
        (item(&sku, &json!(true)).to_string(), "/items/0/quantity"),
        (r#"{"items":[{"sku":"A","quantity":1e400}]}"#.into(), ""),
        (item(&json!("'; DROP TABLE orders;--"), &two).to_string(), "/items/0/sku"),
        (item(&json!("x".repeat(65)), &two).to_string(), "/items/0/sku"),
        (item(&json!(""), &two).to_string(), "/items/0/sku"),
        (item(&json!(7), &two).to_string(), "/items/0/sku"),
        (with("currency", json!("usd")).to_string(), "/currency"),
        (with("currency", json!("ZZZ")).to_string(), "/currency"),
        (with("currency", json!("USDX")).to_string(), "/currency"),
        (with("note", json!("x".repeat(10_240))).to_string(), "/note"),
        (with("payment_method", json!("SIM OK")).to_string(), "/payment_method"),
    ];

    for (body, pointer) in cases {
        let response = client.send(keyed(&customer, "not-an-order").text(body.clone())).await;
        assert_eq!(response.pointers(), [pointer], "{body}: {}", response.body);
        response.expect_problem(422, "validation");
    }
    assert_eq!(orders_stored(&client).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn all_errors_are_reported_at_once(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let body = json!({ "currency": "usd", "items": [{ "sku": "", "quantity": 0 }, { "quantity": "2" }], "price": 1 });

    let response = client.send(keyed(&customer, "all-wrong").json(&body)).await;

    let expected = ["/currency", "/items/0/sku", "/items/0/quantity", "/items/1/sku", "/items/1/quantity", "/price"];
    assert_eq!(response.pointers(), expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn products_that_can_not_be_ordered_together_are_422_26_31_32_36(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let lines = |skus: &[&str]| {
        let items: Vec<_> = skus.iter().map(|sku| json!({ "sku": sku, "quantity": 2 })).collect();
        json!({ "items": items })
    };
    let cases = [
        (lines(&[HEADPHONES, CABLE, HEADPHONES]), "duplicate-sku", vec!["/items/0/sku", "/items/2/sku"]),
        (lines(&[HEADPHONES, "NO-SUCH-SKU"]), "unknown-sku", vec!["/items/1/sku"]),
        (lines(&[HEADPHONES, EURO]), "currency-mismatch", vec!["/items"]),
        (
            json!({ "currency": "EUR", "items": [{ "sku": HEADPHONES, "quantity": 1 }] }),
            "currency-mismatch",
            vec!["/currency"],
        ),
        (lines(&[TREASURE]), "validation", vec!["/items"]),
    ];

    for (body, code, pointers) in cases {
        let response = client.send(keyed(&customer, "not-orderable").json(&body)).await;
        assert_eq!(response.pointers(), pointers, "{body}: {}", response.body);
        response.expect_problem(422, code);
    }
    assert_eq!(orders_stored(&client).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn bodies_of_the_wrong_size_or_kind_are_refused_39_42_43(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let order = || keyed(&customer, "wrong-kind");
    let padded = |bytes: usize| {
        let body = good_order().to_string();
        format!("{}{body}", " ".repeat(bytes - body.len()))
    };

    client.send(order().text(padded(256 * 1024 + 1))).await.expect_problem(413, "payload-too-large");
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 8_192]));
    let endless = order().header("content-type", "application/json").body(Body::from_stream(chunks));
    client.send(endless).await.expect_problem(413, "payload-too-large");
    let gzip = order().header("content-encoding", "gzip").json(&good_order());
    client.send(gzip).await.expect_problem(415, "unsupported-encoding");
    for kind in ["text/plain", "application/xml", "application/jsonp", ""] {
        let sent = order().header("content-type", kind).body(good_order().to_string());
        client.send(sent).await.expect_problem(415, "unsupported-media-type");
    }
    client.send(order().body(good_order().to_string())).await.expect_problem(415, "unsupported-media-type");
    assert_eq!(orders_stored(&client).await, 0);

    let utf8 = order().header("content-type", "application/json; charset=utf-8").body(padded(256 * 1024));
    client.send(utf8).await.expect(StatusCode::ACCEPTED);
}

#[sqlx::test(migrations = "../../migrations")]
async fn authorization_is_checked_before_the_body_12(pool: PgPool) {
    let (client, _) = setup(pool).await;
    let vendor = client.create_user("vendor", Role::Vendor).await;

    client.send(post("/orders").text("{")).await.expect_problem(401, "unauthenticated");
    client.send(post("/orders").by(&vendor).text("{")).await.expect_problem(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_idempotency_key_does_not_bypass_a_revoked_role_12(pool: PgPool) {
    let (client, customer) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    client.send(keyed(&customer, "mine").json(&good_order())).await.expect(StatusCode::ACCEPTED);

    let path = format!("/admin/users/{}/role", customer.id);
    let grant = ApiRequest::new(axum::http::Method::PUT, &path).by(&admin).json(&json!({ "role": "vendor" }));
    client.send(grant).await.expect(StatusCode::OK);

    client.send(keyed(&customer, "mine").json(&good_order())).await.expect_problem(401, "token-revoked");
    let again = client.create_user("customer", Role::Vendor).await;
    client.send(keyed(&again, "mine").json(&good_order())).await.expect_problem(403, "forbidden");
}
