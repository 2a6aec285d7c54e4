//! Products, stock and warehouses over HTTP.

use crate::client::{ApiClient, ApiRequest, CABLE, HEADPHONES, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

fn patch(path: &str) -> ApiRequest {
    ApiRequest::new(Method::PATCH, path)
}

fn turntable() -> Value {
    json!({ "sku": "SKU-TURNTABLE", "name": "Turntable", "price": { "amount_minor": 19_900, "currency": "USD" } })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_manages_only_their_own_products(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let other = client.create_user("other", Role::Vendor).await;

    let created = client.send(post("/products").by(&vendor).json(&turntable())).await;
    assert_eq!(created.headers["location"], "/api/v1/products/SKU-TURNTABLE");
    let created = created.expect(StatusCode::CREATED);
    assert_eq!((&created["vendor_id"], &created["active"]), (&json!(vendor.id), &json!(true)));
    let repriced = json!({ "price": { "amount_minor": 1, "currency": "USD" } });
    client.send(patch("/products/SKU-TURNTABLE").by(&other).json(&repriced)).await.expect_problem(403, "forbidden");
    let change = || json!({ "price": { "amount_minor": 17_900, "currency": "USD" }, "active": false });
    let changed =
        client.send(patch("/products/SKU-TURNTABLE").by(&vendor).json(&change())).await.expect(StatusCode::OK);
    assert_eq!(changed["price"]["amount_minor"], 17_900);

    client.send(patch("/products/SKU-TURNTABLE").by(&other).json(&change())).await.expect_problem(404, "not-found");
    client.send(patch("/products/NO-SUCH").by(&vendor).json(&change())).await.expect_problem(404, "not-found");
    client.send(post("/products").by(&other).json(&turntable())).await.expect_problem(409, "already-exists");
    client.send(get("/products/SKU-TURNTABLE")).await.expect_problem(404, "not-found");
    client.send(get("/products/SKU-TURNTABLE").by(&vendor)).await.expect(StatusCode::OK);
    client
        .send(get("/products/SKU-TURNTABLE").header("authorization", "Bearer x"))
        .await
        .expect_problem(401, "invalid-token");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_an_admin_creates_products_of_another_vendor(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let other = client.create_user("other", Role::Vendor).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let mut product = turntable();
    product["vendor_id"] = json!(other.id);

    client.send(post("/products").by(&vendor).json(&product)).await.expect_problem(403, "forbidden");
    let created = client.send(post("/products").by(&admin).json(&product)).await.expect(StatusCode::CREATED);

    assert_eq!(created["vendor_id"], json!(other.id));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_product_is_422_and_names_the_member(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let with = |name: &str, value: Value| {
        let mut product = turntable();
        product[name] = value;
        product
    };
    let cases = [
        (with("price", json!({ "amount_minor": -1, "currency": "USD" })), "/price/amount_minor"),
        (with("price", json!({ "amount_minor": 1.5, "currency": "USD" })), "/price/amount_minor"),
        (with("price", json!({ "amount_minor": 1, "currency": "usd" })), "/price/currency"),
        (with("price", json!(1)), "/price"),
        (with("name", json!("")), "/name"),
        (with("name", json!("Turn\u{202e}table")), "/name"),
        (with("description", json!("Plays\u{200b} records")), "/description"),
        (with("sku", json!("no spaces")), "/sku"),
        (with("sku", json!("..")), "/sku"),
        (with("sku", json!("-x")), "/sku"),
        (with("sku", json!("adjustments")), "/sku"),
        (with("sku", json!("thresholds")), "/sku"),
        (with("vendor_id", json!("me")), "/vendor_id"),
        (with("stock", json!(5)), "/stock"),
    ];

    for (body, pointer) in cases {
        let response = client.send(post("/products").by(&vendor).json(&body)).await;
        assert_eq!(response.pointers(), [pointer], "{body}");
        response.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_list_of_products_is_paged_and_searched(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;

    let first = client.send(get("/products?limit=1")).await.expect(StatusCode::OK);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = client.send(get(&format!("/products?limit=1&cursor={cursor}"))).await.expect(StatusCode::OK);
    let found = client.send(get("/products?q=headph")).await.expect(StatusCode::OK);

    assert_eq!(first["items"][0]["sku"], CABLE);
    assert_ne!(second["items"][0]["sku"], CABLE);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["sku"], HEADPHONES);
    client.send(get("/products?cursor=forged!")).await.expect_problem(422, "validation");
}

#[sqlx::test(migrations = "../../migrations")]
async fn vendors_see_and_adjust_their_own_stock_and_admins_all(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    let other = client.create_user("other", Role::Vendor).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let warehouse = client.create_stock(vendor.id).await;
    let adjust = |quantity: i64, kind: &str| json!({ "sku": HEADPHONES, "warehouse_id": warehouse, "kind": kind, "quantity": quantity, "reason": "counted" });

    let one = client.send(get(&format!("/inventory?sku={HEADPHONES}")).by(&vendor)).await.expect(StatusCode::OK);
    assert_eq!((&one["items"][0]["on_hand"], &one["items"][0]["reserved"]), (&json!(100), &json!(0)));
    let all = client.send(get("/inventory").by(&vendor)).await.expect(StatusCode::OK);
    assert_eq!(all["items"].as_array().unwrap().len(), 4);
    for path in ["/inventory".to_owned(), format!("/inventory?sku={HEADPHONES}")] {
        assert_eq!(client.send(get(&path).by(&other)).await.expect(StatusCode::OK)["items"], json!([]));
    }
    client.send(get(&format!("/inventory/{HEADPHONES}")).by(&other)).await.expect_problem(404, "not-found");

    let adjusted = client.send(post("/inventory/adjustments").by(&vendor).json(&adjust(10, "received"))).await;
    assert_eq!(adjusted.expect(StatusCode::CREATED)["available"], 110);
    let adjusted = client.send(post("/inventory/adjustments").by(&admin).json(&adjust(-5, "adjusted"))).await;
    assert_eq!(adjusted.expect(StatusCode::CREATED)["available"], 105);
    let refused = client.send(post("/inventory/adjustments").by(&other).json(&adjust(1, "received"))).await;
    refused.expect_problem(422, "unknown-sku");
    let refused = client.send(post("/inventory/adjustments").by(&vendor).json(&adjust(-1_000, "adjusted"))).await;
    assert!(refused.status == 409 || refused.status == 422, "{}", refused.body);
    for bad in [adjust(0, "received"), adjust(-1, "received"), adjust(1, "stolen"), adjust(i64::MAX, "received")] {
        client.send(post("/inventory/adjustments").by(&vendor).json(&bad)).await.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn pages_of_stock_show_each_row_once(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;

    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.send(get(&format!("/inventory?limit=3{next}")).by(&vendor)).await.expect(StatusCode::OK);
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["sku"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }

    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted());
    client.send(get("/inventory?cursor=forged").by(&vendor)).await.expect_problem(422, "validation");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_admin_creates_a_warehouse_once(pool: PgPool) {
    let client = ApiClient::new(pool);
    let admin = client.create_user("admin", Role::Admin).await;
    let west = json!({ "code": "WEST", "name": "West" });

    client.send(post("/warehouses").by(&admin).json(&west)).await.expect(StatusCode::CREATED);

    client.send(post("/warehouses").by(&admin).json(&west)).await.expect_problem(409, "already-exists");
    let all = client.send(get("/warehouses").by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(all["items"][0]["code"], "WEST");
    let blank = json!({ "code": "NORTH", "name": "  " });
    client.send(post("/warehouses").by(&admin).json(&blank)).await.expect_problem(422, "validation");
}
