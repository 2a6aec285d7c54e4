//! API keys over HTTP: shown once, limited to their scopes, named in the audit log.

use crate::client::{ApiClient, ApiRequest, TestUser, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;

async fn create(client: &ApiClient, user: &TestUser, body: &Value) -> Value {
    client.send(post("/api-keys").by(user).json(body)).await.expect(StatusCode::CREATED)
}

fn secret(issued: &Value) -> &str {
    issued["secret"].as_str().expect("a secret")
}

fn delete(key: &Value) -> ApiRequest {
    ApiRequest::new(Method::DELETE, &format!("/api/v1/api-keys/{}", key["id"].as_str().expect("an id")))
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_places_and_reads_orders_and_may_do_nothing_else(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (customer, vendor) = (client.customer().await, client.create_user("vendor", Role::Vendor).await);
    client.create_stock(vendor.id).await;
    let key = create(&client, &customer, &json!({ "name": "shop", "scopes": ["orders:place", "orders:read"] })).await;

    let order = json!({ "items": [{ "sku": "SKU-HEADPHONES", "quantity": 1 }] });
    let place = post("/orders").token(secret(&key)).header("idempotency-key", "basket-1").json(&order);
    let accepted = client.send(place).await.expect(StatusCode::ACCEPTED);
    let path = format!("/orders/{}", accepted["order_id"].as_str().expect("an id"));
    client.send(get(&path).token(secret(&key))).await.expect(StatusCode::OK);
    client.send(get(&path).by(&customer)).await.expect(StatusCode::OK);

    let cancel = post(&format!("{path}/cancel")).token(secret(&key)).json(&json!({}));
    let refused = client.send(cancel).await;
    assert!(refused.body.to_string().contains("orders:cancel"), "{}", refused.body);
    refused.expect_problem(403, "forbidden");
    for own in [get("/auth/me"), get("/api-keys"), post("/auth/logout-all")] {
        client.send(own.token(secret(&key))).await.expect_problem(403, "forbidden");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_is_shown_once_rotated_with_an_overlap_and_revoked_at_once(pool: PgPool) {
    let client = ApiClient::new(pool);
    let customer = client.customer().await;
    let key = create(&client, &customer, &json!({ "name": "shop", "scopes": ["orders:read"] })).await;
    let orders = |secret: &str| get("/orders").token(secret);

    let listed = client.send(get("/api-keys").by(&customer)).await.expect(StatusCode::OK);
    assert_eq!(listed["items"][0]["id"], key["id"]);
    assert!(!listed.to_string().contains(secret(&key)) && listed["items"][0].get("secret").is_none());
    let rotate = post(&format!("/api-keys/{}/rotate", key["id"].as_str().expect("an id"))).by(&customer);
    let rotated = client.send(rotate.json(&json!({ "overlap_seconds": 600 }))).await.expect(StatusCode::OK);
    client.send(orders(secret(&key))).await.expect(StatusCode::OK);
    client.send(orders(secret(&rotated))).await.expect(StatusCode::OK);

    client.send(delete(&key).by(&customer)).await.expect(StatusCode::NO_CONTENT);

    for old in [&key, &rotated] {
        client.send(orders(secret(old))).await.expect_problem(401, "token-revoked");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_can_not_get_what_its_owner_may_not_do(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
    let vendor = client.create_user("vendor", Role::Vendor).await;

    for (scopes, pointer) in
        [(json!(["stock:write"]), "/scopes"), (json!([]), "/scopes"), (json!(["orders:fly"]), "/scopes/0")]
    {
        let response =
            client.send(post("/api-keys").by(&customer).json(&json!({ "name": "x", "scopes": scopes }))).await;
        assert_eq!(response.pointers(), [pointer], "{scopes}");
    }
    let past = json!({ "name": "x", "scopes": ["orders:read"], "expires_at": "2020-01-01T00:00:00Z" });
    assert_eq!(client.send(post("/api-keys").by(&customer).json(&past)).await.pointers(), ["/expires_at"]);
    let for_vendor = json!({ "name": "stock", "scopes": ["stock:write"], "owner_id": vendor.id.as_uuid() });
    client.send(post("/api-keys").by(&customer).json(&for_vendor)).await.expect_problem(403, "forbidden");

    let key = create(&client, &admin, &for_vendor).await;

    assert_eq!(key["owner_id"], json!(vendor.id.as_uuid()));
    client.send(delete(&key).by(&customer)).await.expect_problem(404, "not-found");
    let log = client.send(get("/admin/audit-logs?action=api_key.create").by(&admin)).await.expect(StatusCode::OK);
    assert_eq!(log["items"].as_array().expect("a page").len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_keys_of_one_owner_have_their_own_idempotency_keys(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (customer, vendor) = (client.customer().await, client.create_user("vendor", Role::Vendor).await);
    client.create_stock(vendor.id).await;
    let body = json!({ "name": "shop", "scopes": ["orders:place"] });
    let (one, other) = (create(&client, &customer, &body).await, create(&client, &customer, &body).await);
    let order = json!({ "items": [{ "sku": "SKU-HEADPHONES", "quantity": 1 }] });
    let place = async |token: &str| {
        let request = post("/orders").token(token).header("idempotency-key", "basket-1").json(&order);
        client.send(request).await.expect(StatusCode::ACCEPTED)["order_id"].clone()
    };

    let (first, second, by_person) =
        (place(secret(&one)).await, place(secret(&other)).await, place(&customer.token).await);

    assert!(first != second && first != by_person && second != by_person);
    assert_eq!(place(secret(&one)).await, first);
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_an_admin_creates_a_key_that_sets_the_price_of_orders(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
    let key = json!({ "name": "shop", "scopes": ["orders:adjust_totals"], "owner_id": customer.id.as_uuid() });

    let refused = client.send(post("/api-keys").by(&customer).json(&key)).await;
    assert_eq!(refused.pointers(), ["/scopes"]);
    refused.expect_problem(403, "forbidden");
    create(&client, &admin, &key).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_customers_key_adjusts_totals_with_the_scope_that_an_admin_granted_only(pool: PgPool) {
    let client = ApiClient::new(pool);
    let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
    client.create_stock(client.create_user("vendor", Role::Vendor).await.id).await;
    let key = async |scopes: &[&str]| {
        let body = json!({ "name": "shop", "scopes": scopes, "owner_id": customer.id.as_uuid() });
        create(&client, &admin, &body).await
    };
    let (trusted, plain) = (key(&["orders:place", "orders:adjust_totals"]).await, key(&["orders:place"]).await);
    let order = json!({ "items": [{ "sku": "SKU-HEADPHONES", "quantity": 1 }], "shipping_minor": 500 });
    let place = |token: &str| post("/orders").token(token).header("idempotency-key", "adjusted").json(&order);

    client.send(place(secret(&trusted))).await.expect(StatusCode::ACCEPTED);

    let refused = client.send(place(secret(&plain))).await;
    assert!(refused.body.to_string().contains("orders:adjust_totals"), "{}", refused.body);
    refused.expect_problem(403, "forbidden");
    client.send(place(&customer.token)).await.expect_problem(403, "forbidden");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_revoked_and_a_user_disabled_in_one_process_are_refused_by_another_within_five_seconds(pool: PgPool) {
    let (here, there) = (ApiClient::new(pool.clone()), ApiClient::new(pool));
    let (customer, admin) = (here.customer().await, here.create_user("admin", Role::Admin).await);
    let disabled = here.create_user("disabled", Role::Customer).await;
    let key = create(&here, &customer, &json!({ "name": "shop", "scopes": ["orders:read"] })).await;
    there.send(get("/orders").token(secret(&key))).await.expect(StatusCode::OK);
    there.send(get("/auth/me").by(&disabled)).await.expect(StatusCode::OK);

    here.send(delete(&key).by(&customer)).await.expect(StatusCode::NO_CONTENT);
    let change = ApiRequest::new(Method::PATCH, &format!("/admin/users/{}", disabled.id)).by(&admin);
    here.send(change.json(&json!({ "disabled": true, "reason": "test" }))).await.expect(StatusCode::OK);

    let refused = async {
        while there.send(get("/orders").token(secret(&key))).await.status != StatusCode::UNAUTHORIZED {}
        while there.send(get("/auth/me").by(&disabled)).await.status != StatusCode::UNAUTHORIZED {}
    };
    tokio::time::timeout(Duration::from_secs(6), refused).await.expect("refused within five seconds");
}
