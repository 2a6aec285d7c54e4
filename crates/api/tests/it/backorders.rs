//! Products that may be backordered, and orders that wait for them.

use crate::client::{ApiClient, ApiRequest, CABLE, HEADPHONES, TestUser, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

async fn set_backorder(client: &ApiClient, by: &TestUser, sku: &str, backorder: bool) -> Value {
    let change = ApiRequest::new(Method::PATCH, &format!("/products/{sku}")).by(by);
    client.send(change.json(&json!({ "backorder": backorder }))).await.expect(StatusCode::OK)
}

/// Which lines of the last order may wait, as its reserve command says.
async fn may_wait(client: &ApiClient) -> Vec<(String, bool)> {
    let payload: String = sqlx::query_scalar(
        "SELECT payload FROM messaging.outbox WHERE type = 'inventory.reserve.v1' ORDER BY seq DESC LIMIT 1",
    )
    .fetch_one(&client.pool)
    .await
    .expect("a command");
    let command: Value = serde_json::from_str(&payload).expect("JSON");
    let lines = command["data"]["lines"].as_array().expect("lines").iter();
    lines.map(|line| (line["sku"].as_str().unwrap_or_default().to_owned(), line["may_wait"] == true)).collect()
}

async fn place(client: &ApiClient, by: &TestUser, quantity: u32) -> String {
    let order = json!({ "items": [{ "sku": HEADPHONES, "quantity": quantity }, { "sku": CABLE, "quantity": 1 }] });
    let request = post("/orders").header("idempotency-key", &Uuid::now_v7().to_string());
    let accepted = client.send(request.by(by).json(&order)).await.expect(StatusCode::ACCEPTED);
    accepted["order_id"].as_str().expect("an id").to_owned()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_sets_whether_orders_wait_for_a_product_and_by_default_they_do_not(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (vendor, other) =
        (client.create_user("vendor", Role::Vendor).await, client.create_user("other", Role::Vendor).await);
    let price = json!({ "amount_minor": 19_900, "currency": "USD" });
    let product = |sku: &str| json!({ "sku": sku, "name": "Turntable", "price": price });
    let mut patient = product("SKU-PATIENT");
    patient["backorder"] = json!(true);

    let plain =
        client.send(post("/products").by(&vendor).json(&product("SKU-PLAIN"))).await.expect(StatusCode::CREATED);
    let patient = client.send(post("/products").by(&vendor).json(&patient)).await.expect(StatusCode::CREATED);
    assert_eq!((&plain["backorder"], &patient["backorder"]), (&json!(false), &json!(true)));
    assert_eq!(set_backorder(&client, &vendor, "SKU-PLAIN", true).await["backorder"], true);
    let renamed = ApiRequest::new(Method::PATCH, "/products/SKU-PLAIN").by(&vendor).json(&json!({ "name": "Deck" }));
    assert_eq!(client.send(renamed).await.expect(StatusCode::OK)["backorder"], true, "it is kept");
    assert_eq!(client.send(get("/products/SKU-PLAIN")).await.expect(StatusCode::OK)["backorder"], true);

    let change = || ApiRequest::new(Method::PATCH, "/products/SKU-PLAIN");
    let refused = client.send(change().by(&other).json(&json!({ "backorder": false }))).await;
    refused.expect_problem(403, "forbidden");
    let invalid = client.send(change().by(&vendor).json(&json!({ "backorder": "yes" }))).await;
    assert_eq!(invalid.pointers(), ["/backorder"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_reserve_command_says_which_lines_may_wait(pool: PgPool) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let customer = client.customer().await;
    set_backorder(&client, &vendor, HEADPHONES, true).await;

    place(&client, &customer, 1).await;

    assert_eq!(may_wait(&client).await, [(HEADPHONES.to_owned(), true), (CABLE.to_owned(), false)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn staff_see_what_an_order_waits_for_and_a_vendor_only_their_own_part(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (vendor, other) =
        (client.create_user("vendor", Role::Vendor).await, client.create_user("other", Role::Vendor).await);
    client.create_stock(vendor.id).await;
    let (customer, support) = (client.customer().await, client.create_user("support", Role::Support).await);
    let id = place(&client, &customer, 103).await;
    sqlx::query("UPDATE orders.items SET vendor_id = $1 WHERE sku = $2")
        .bind(other.id.as_uuid())
        .bind(CABLE)
        .execute(&client.pool)
        .await
        .expect("the cable is sold by another vendor");

    worker_fixture::reserve_or_wait(&client, &id, &[(HEADPHONES, 103), (CABLE, 1)]).await;

    let seen = |user: TestUser| {
        let (client, path) = (&client, format!("/orders/{id}/allocation"));
        async move { client.send(get(&path).by(&user)).await.expect(StatusCode::OK) }
    };
    let [all, own, others] = [seen(support).await, seen(vendor).await, seen(other).await];
    assert_eq!((&all["status"], &all["shortages"]), (&json!("waiting"), &json!([])));
    let missing = json!([{ "sku": HEADPHONES, "units": 3 }]);
    assert_eq!((&all["missing"], &own["missing"], &others["missing"]), (&missing, &missing, &json!([])));
    assert_eq!(
        (all["allocations"].as_array().map(Vec::len), others["allocations"][0]["sku"].as_str()),
        (Some(2), Some(CABLE))
    );
}
