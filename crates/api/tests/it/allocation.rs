//! How orders are allocated: who sees the decision, and who chooses the policy.

use crate::client::{ApiClient, ApiRequest, CABLE, HEADPHONES, TestUser, get, post};
use crate::worker_fixture;
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

fn order(policy: Option<&str>) -> Value {
    json!({ "items": [{ "sku": HEADPHONES, "quantity": 2 }, { "sku": CABLE, "quantity": 101 }],
            "allocation_policy": policy })
}

fn place(order: &Value) -> ApiRequest {
    post("/orders").header("idempotency-key", &Uuid::now_v7().to_string()).json(order)
}

/// Places an order as `user`, and returns its id.
async fn placed(client: &ApiClient, user: &TestUser, order: &Value) -> String {
    let accepted = client.send(place(order).by(user)).await.expect(StatusCode::ACCEPTED);
    accepted["order_id"].as_str().expect("an id").to_owned()
}

async fn allocation(client: &ApiClient, user: &TestUser, id: &str) -> Value {
    client.send(get(&format!("/orders/{id}/allocation")).by(user)).await.expect(StatusCode::OK)
}

/// 100 headphones and cables in EAST, and in WEST 1 cable.
async fn setup(pool: PgPool) -> (ApiClient, TestUser, TestUser) {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    client.create_warehouse("WEST").await;
    let receipt = json!({ "sku": CABLE, "warehouse_code": "WEST", "kind": "received", "quantity": 1, "reason": "r" });
    client.send(post("/inventory/adjustments").by(&vendor).json(&receipt)).await.expect(StatusCode::CREATED);
    let customer = client.customer().await;
    (client, vendor, customer)
}

#[sqlx::test(migrations = "../../migrations")]
async fn staff_see_which_warehouses_supply_an_order_and_why_not_others(pool: PgPool) {
    let (client, _vendor, customer) = setup(pool).await;
    let support = client.create_user("support", Role::Support).await;
    let id = placed(&client, &customer, &order(None)).await;

    let before = allocation(&client, &support, &id).await;
    worker_fixture::reserve(&client, &id, &[(HEADPHONES, 2), (CABLE, 101)]).await;
    let after = allocation(&client, &support, &id).await;

    assert_eq!(
        before,
        json!({ "order_id": id, "status": "undecided", "allocations": [], "shortages": [], "missing": [],
                               "alternatives": [] })
    );
    assert_eq!((&after["status"], &after["policy"]), (&json!("allocated"), &json!("single_warehouse_first")));
    assert!(after["decided_at"].is_string());
    let units = |row: &Value| (row["warehouse_code"].clone(), row["sku"].clone(), row["quantity"].clone());
    let mut allocated: Vec<_> = after["allocations"].as_array().expect("a list").iter().map(units).collect();
    allocated.sort_by_key(|(code, sku, _)| (sku.to_string(), code.to_string()));
    let expected = [("EAST", CABLE, 100), ("WEST", CABLE, 1), ("EAST", HEADPHONES, 2)];
    assert_eq!(allocated, expected.map(|(code, sku, units)| (json!(code), json!(sku), json!(units))));
    let rejected: Vec<_> = after["alternatives"].as_array().expect("a list").iter().collect();
    assert_eq!((&rejected[0]["reason"], &rejected[0]["warehouses"][0]["code"]), (&json!("not_enough"), &json!("EAST")));
    assert_eq!(rejected[0]["shortages"], json!([{ "sku": CABLE, "requested": 101, "available": 100 }]));
    assert_eq!(rejected[1]["warehouses"][0]["code"], "WEST");
    assert_eq!(rejected[1]["shortages"].as_array().map(Vec::len), Some(2));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_sees_the_allocation_of_their_products_only_and_a_customer_none(pool: PgPool) {
    let (client, vendor, customer) = setup(pool).await;
    let stranger = client.create_user("stranger", Role::Vendor).await;
    let other = client.create_user("other", Role::Vendor).await;
    let id = placed(&client, &customer, &order(None)).await;
    sqlx::query("UPDATE orders.items SET vendor_id = $1 WHERE sku = $2")
        .bind(other.id.as_uuid())
        .bind(CABLE)
        .execute(&client.pool)
        .await
        .expect("changed");
    worker_fixture::reserve(&client, &id, &[(HEADPHONES, 2), (CABLE, 101)]).await;
    let path = format!("/orders/{id}/allocation");

    let own = allocation(&client, &vendor, &id).await;
    let others = allocation(&client, &other, &id).await;

    assert!(!own.to_string().contains(CABLE) && !others.to_string().contains(HEADPHONES));
    assert_eq!(own["allocations"].as_array().map(Vec::len), Some(1));
    // EAST has too few cables, which are not theirs.
    assert_eq!(own["alternatives"].as_array().map(Vec::len), Some(1));
    assert_eq!(others["alternatives"].as_array().map(Vec::len), Some(2));
    client.send(get(&path).by(&stranger)).await.expect_problem(404, "not-found");
    client.send(get(&path).by(&customer)).await.expect_problem(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_vendor_who_placed_an_order_without_products_of_theirs_sees_no_allocation(pool: PgPool) {
    let (client, _vendor, customer) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let id = placed(&client, &customer, &order(None)).await;
    let role = ApiRequest::new(Method::PUT, &format!("/admin/users/{}/role", customer.id));
    client.send(role.by(&admin).json(&json!({ "role": "vendor" }))).await.expect(StatusCode::OK);
    let session = client.log_in(&customer.email, crate::client::PASSWORD).await.expect(StatusCode::OK);
    let token = session["access_token"].as_str().expect("a token");

    client.send(get(&format!("/orders/{id}")).token(token)).await.expect(StatusCode::OK);
    client.send(get(&format!("/orders/{id}/allocation")).token(token)).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_admins_choose_the_policy_of_an_order(pool: PgPool) {
    let (client, _vendor, customer) = setup(pool).await;
    let admin = client.create_user("admin", Role::Admin).await;
    let key = json!({ "name": "shop", "scopes": ["orders:place"] });
    let key = client.send(post("/api-keys").by(&admin).json(&key)).await.expect(StatusCode::CREATED);
    let chosen = order(Some("minimise_splits"));

    let by_customer = client.send(place(&chosen).by(&customer)).await.expect_problem(403, "forbidden");
    let by_key = place(&chosen).token(key["secret"].as_str().expect("a secret"));
    client.send(by_key).await.expect_problem(403, "forbidden");
    let unknown = client.send(place(&order(Some("cheapest"))).by(&admin)).await;
    let pointers = unknown.pointers();
    let unknown = unknown.expect_problem(422, "validation");
    let id = placed(&client, &admin, &chosen).await;

    let detail = "Role `customer` may not choose the allocation policy of an order; this needs role `admin`.";
    assert_eq!(by_customer["detail"], detail);
    assert_eq!(pointers, ["/allocation_policy"]);
    assert!(unknown["detail"].as_str().is_some_and(|text| text.contains("`minimise_splits`")), "{unknown}");
    let commands: Vec<String> =
        sqlx::query_scalar("SELECT payload FROM messaging.outbox WHERE payload LIKE '%inventory.reserve.v1%'")
            .fetch_all(&client.pool)
            .await
            .expect("read");
    let command: Value = serde_json::from_str(&commands[0]).expect("JSON");
    assert_eq!((commands.len(), &command["data"]["order_id"]), (1, &json!(id)));
    assert_eq!(command["data"]["policy"], "minimise_splits");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_warehouse_has_a_country_and_a_region_in_it(pool: PgPool) {
    let client = ApiClient::new(pool);
    let admin = client.create_user("admin", Role::Admin).await;
    let change = |body: &Value| ApiRequest::new(Method::PATCH, "/warehouses/WEST").by(&admin).json(body);
    let west = json!({ "code": "WEST", "name": "West", "country": "us", "region": "NV" });
    let nowhere = json!({ "code": "NORTH", "name": "North", "region": "NV" });

    let created = client.send(post("/warehouses").by(&admin).json(&west)).await.expect(StatusCode::CREATED);
    let refused = client.send(post("/warehouses").by(&admin).json(&nowhere)).await;
    let moved = client.send(change(&json!({ "country": "DE" }))).await.expect(StatusCode::OK);
    let invalid = client.send(change(&json!({ "country": "Germany" }))).await;

    assert_eq!((&created["country"], &created["region"]), (&json!("US"), &json!("NV")));
    assert_eq!(refused.pointers(), ["/region"]);
    refused.expect_problem(422, "validation");
    assert_eq!((&moved["country"], moved.get("region")), (&json!("DE"), None));
    assert_eq!(invalid.pointers(), ["/country"]);
    invalid.expect_problem(422, "validation");
}
