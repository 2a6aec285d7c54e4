//! A customer is exported and erased by an admin.

use crate::client::{ApiClient, ApiRequest, HEADPHONES, PASSWORD, TestUser, get, post};
use accounts::Role;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

const NAME: &str = "Quetzal";
const EMAIL: &str = "quetzal@example.com";

/// A customer with a name, a session, an API key and an order with an address, and an admin.
struct Fixture {
    client: ApiClient,
    admin: TestUser,
    customer: TestUser,
    key: String,
    order: String,
}

impl Fixture {
    async fn new(pool: PgPool) -> Self {
        let client = ApiClient::new(pool);
        let vendor = client.create_user("vendor", Role::Vendor).await;
        client.create_stock(vendor.id).await;
        let admin = client.create_user("admin", Role::Admin).await;
        let customer = sign_up(&client).await;
        let key = json!({ "name": "Quetzal's server", "scopes": ["orders:read"] });
        let key = client.send(post("/api-keys").by(&customer).json(&key)).await.expect(StatusCode::CREATED);
        let key = key["secret"].as_str().expect("a secret").to_owned();
        let order = json!({
            "items": [{ "sku": HEADPHONES, "quantity": 1 }], "note": "Ring at Quetzal", "external_ref": "quetzal-1",
            "metadata": { "friend": "Quetzal" },
            "ship_to": { "name": NAME, "line1": "1 Quetzal Lane", "city": "Quetzalburg", "country": "DE" },
            "contact": { "email": EMAIL },
        });
        let placed = post("/orders").by(&customer).header("idempotency-key", "quetzal").json(&order);
        let placed = client.send(placed).await.expect(StatusCode::ACCEPTED);
        let order = placed["order_id"].as_str().expect("an id").to_owned();
        Self { client, admin, customer, key, order }
    }

    async fn end_orders(&self) {
        let end = "UPDATE orders.orders SET status = 'rejected'";
        sqlx::query(end).execute(&self.client.pool).await.expect("ended");
    }

    fn export(&self) -> ApiRequest {
        get(&format!("/admin/customers/{}/export", self.customer.id)).by(&self.admin)
    }

    fn erase(&self, user: &TestUser) -> ApiRequest {
        let reason = json!({ "reason": format!("asked for by {EMAIL}") });
        post(&format!("/admin/customers/{}/erase", user.id)).by(&self.admin).json(&reason)
    }

    /// The rows that contain a text of the customer, by table.
    async fn traces(&self) -> Vec<String> {
        let all = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
                    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";
        let tables: Vec<String> = sqlx::query_scalar(all).fetch_all(&self.client.pool).await.expect("the tables");
        let mut found = Vec::new();
        for table in tables {
            let search = format!("SELECT EXISTS (SELECT FROM {table} AS row WHERE row::text ~* 'quetzal')");
            let search = sqlx::query_scalar(AssertSqlSafe(search));
            if search.fetch_one(&self.client.pool).await.expect("a result") {
                found.push(table);
            }
        }
        found
    }
}

async fn sign_up(client: &ApiClient) -> TestUser {
    let body = json!({ "email": EMAIL, "password": PASSWORD, "full_name": NAME });
    let request = post("/auth/signup").header("user-agent", "Quetzal/1.0").json(&body);
    let signed_up = client.send(request).await.expect(StatusCode::CREATED);
    let id = signed_up["user"]["id"].as_str().expect("an id").parse().expect("a UUID");
    let token = signed_up["access_token"].as_str().expect("a token").to_owned();
    TestUser { id, email: EMAIL.to_owned(), token }
}

fn actions(body: &Value) -> Vec<&str> {
    body.as_array().expect("a list").iter().filter_map(|entry| entry["action"].as_str()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_export_contains_everything_of_a_customer_and_no_secret(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let cancel = post(&format!("/orders/{}/cancel", fixture.order)).by(&fixture.customer);
    fixture.client.send(cancel.json(&json!({ "note": "Quetzal changed her mind" }))).await.expect(StatusCode::ACCEPTED);

    let export = fixture.client.send(fixture.export()).await.expect(StatusCode::OK);

    assert_eq!((&export["account"]["email"], &export["account"]["full_name"]), (&json!(EMAIL), &json!(NAME)));
    assert_eq!(export["sessions"][0]["user_agent"], "Quetzal/1.0");
    assert_eq!(export["api_keys"][0]["name"], "Quetzal's server");
    assert_eq!(actions(&export["audit_log"]), ["customer.export", "order.cancel", "api_key.create"]);
    let item = &export["orders"]["items"][0];
    assert_eq!(item["order"]["id"], json!(fixture.order));
    assert_eq!(item["order"]["ship_to"]["line1"], "1 Quetzal Lane");
    assert_eq!(item["order"]["contact"]["email"], EMAIL);
    assert_eq!(item["order"]["note"], "Ring at Quetzal");
    assert_eq!(item["order"]["external_ref"], "quetzal-1");
    assert_eq!(item["order"]["metadata"], json!({ "friend": "Quetzal" }));
    assert_eq!(item["order"]["items"][0]["sku"], HEADPHONES);
    assert_eq!(item["events"][1]["detail"]["note"], "Quetzal changed her mind");
    assert_eq!(item["shipments"], json!([]));
    assert_eq!(actions(&item["audit_log"]), ["order.cancel"]);
    let text = export.to_string();
    for secret in ["argon2", "ofk_", "secret", "token_version"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_orders_of_an_export_come_in_pages(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    fixture.client.place(&fixture.customer).await;

    let path = format!("/admin/customers/{}/export?limit=1", fixture.customer.id);
    let first = fixture.client.send(get(&path).by(&fixture.admin)).await.expect(StatusCode::OK);
    let cursor = first["orders"]["next_cursor"].as_str().expect("a cursor");
    let second = get(&format!("{path}&cursor={cursor}")).by(&fixture.admin);
    let second = fixture.client.send(second).await.expect(StatusCode::OK);

    assert_eq!(second["orders"]["items"][0]["order"]["id"], json!(fixture.order));
    assert_eq!(second["orders"]["next_cursor"], Value::Null);
    let unknown = get(&format!("/admin/customers/{}/export", Uuid::now_v7())).by(&fixture.admin);
    fixture.client.send(unknown).await.expect_problem(404, "not-found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_customer_with_open_orders_and_staff_are_not_erased(pool: PgPool) {
    let fixture = Fixture::new(pool).await;

    let open = fixture.client.send(fixture.erase(&fixture.customer)).await.expect_problem(409, "invalid-state");
    assert!(open["detail"].as_str().expect("a text").starts_with("1 orders of this customer"), "{open}");
    let vendor = fixture.client.create_user("seller", Role::Vendor).await;
    let staff = fixture.client.send(fixture.erase(&vendor)).await.expect_problem(409, "invalid-state");
    assert!(staff["detail"].as_str().expect("a text").contains("`vendor`"), "{staff}");
    fixture.client.send(fixture.erase(&fixture.admin)).await.expect_problem(409, "invalid-state");

    assert_eq!(fixture.client.log_in(EMAIL, PASSWORD).await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_erased_account_has_no_trace_of_its_owner_and_nobody_can_use_it(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let client = &fixture.client;
    fixture.end_orders().await;

    let erased = client.send(fixture.erase(&fixture.customer)).await.expect(StatusCode::ACCEPTED);

    assert_eq!((&erased["status"], &erased["orders"]), (&json!("erasing"), &json!(0)));
    // The orders follow in the scheduler.
    let of_orders = ["orders.idempotency_keys", "orders.metadata", "orders.orders", "orders.recipients"];
    assert_eq!(fixture.traces().await, of_orders);
    assert_eq!(client.log_in(EMAIL, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    for token in [&fixture.customer.token, &fixture.key] {
        assert_eq!(client.send(get("/orders").token(token)).await.status, StatusCode::UNAUTHORIZED);
    }
    let export = client.send(fixture.export()).await.expect(StatusCode::OK);
    let placeholder = export["account"]["email"].as_str().expect("an address");
    assert!(placeholder.ends_with("@erased.invalid"), "{placeholder}");
    assert_eq!(client.log_in(placeholder, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(actions(&export["audit_log"]), ["customer.export", "customer.erase", "api_key.create"]);
    let enable = json!({ "disabled": false, "reason": "mistake" });
    let enable = ApiRequest::new(Method::PATCH, &format!("/admin/users/{}", fixture.customer.id)).json(&enable);
    client.send(enable.by(&fixture.admin)).await.expect_problem(409, "invalid-state");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_erasure_that_is_repeated_changes_nothing_and_the_address_is_free_again(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let client = &fixture.client;
    fixture.end_orders().await;
    let first = client.send(fixture.erase(&fixture.customer)).await.expect(StatusCode::ACCEPTED);

    let again = client.send(fixture.erase(&fixture.customer)).await.expect(StatusCode::ACCEPTED);

    assert_eq!(again, first);
    let recorded = "SELECT count(*) FROM operations.audit_log WHERE action = 'customer.erase'";
    assert_eq!(sqlx::query_scalar::<_, i64>(recorded).fetch_one(&client.pool).await.expect("a count"), 1);
    assert_ne!(sign_up(client).await.id, fixture.customer.id);
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_blocks_an_erasure_by_taking_an_address_beforehand(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let client = &fixture.client;
    fixture.end_orders().await;
    let id = fixture.customer.id.as_uuid();
    for address in [format!("erased-{id}@erased.invalid"), format!("erased-{}@erased.invalid", id.simple())] {
        let body = json!({ "email": address, "password": PASSWORD });
        client.send(post("/auth/signup").json(&body)).await.expect(StatusCode::CREATED);
    }

    client.send(fixture.erase(&fixture.customer)).await.expect(StatusCode::ACCEPTED);
}
