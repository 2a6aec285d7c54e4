//! The filters of `GET /orders`.

use crate::client::{ApiClient, HEADPHONES, TestUser, get, post};
use accounts::Role;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

struct Setup {
    client: ApiClient,
    customer: TestUser,
    vendor: TestUser,
    admin: TestUser,
}

async fn setup(pool: PgPool) -> Setup {
    let client = ApiClient::new(pool);
    let vendor = client.create_user("vendor", Role::Vendor).await;
    client.create_stock(vendor.id).await;
    let (customer, admin) = (client.customer().await, client.create_user("admin", Role::Admin).await);
    Setup { client, customer, vendor, admin }
}

impl Setup {
    async fn place(&self, key: &str) -> Value {
        let order = json!({ "items": [{ "sku": HEADPHONES, "quantity": 1 }], "external_ref": key,
                            "metadata": { "key": format!("a={key}") } });
        let request = post("/orders").by(&self.customer).header("idempotency-key", key).json(&order);
        self.client.send(request).await.expect(StatusCode::ACCEPTED)
    }

    /// The references of the orders that the admin finds.
    async fn found(&self, query: &str) -> Vec<String> {
        let list = self.client.send(get(&format!("/orders?{query}")).by(&self.admin)).await.expect(StatusCode::OK);
        let items = list["items"].as_array().expect("a list");
        items.iter().map(|order| order["external_ref"].as_str().expect("a text").to_owned()).collect()
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_filter_selects_its_orders(pool: PgPool) {
    let setup = setup(pool).await;
    let first = setup.place("first").await;
    setup.place("second").await;
    let number = first["order_number"].as_str().expect("a number");
    let shown = get(&format!("/orders/{}", first["order_id"].as_str().expect("an id"))).by(&setup.admin);
    let created = setup.client.send(shown).await.expect(StatusCode::OK)["created_at"].clone();
    let created = created.as_str().expect("a time");

    let (both, one): (&[&str], &[&str]) = (&["second", "first"], &["first"]);
    let cases = [
        ("status=pending", both),
        ("status=delivered,pending", both),
        ("status=delivered,shipped", &[]),
        ("payment_status=unpaid", both),
        ("payment_status=refunded&status=pending", &[]),
        ("attention=false", both),
        ("attention=true", &[]),
        ("external_ref=first", one),
        ("metadata=key=a%3Dfirst", one),
        ("metadata=key=first", &[]),
        ("created_from=2020-01-01T00:00:00Z&changed_from=2020-01-01T00:00:00Z", both),
        ("changed_to=2020-01-01T00:00:00Z", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(setup.found(query).await, expected, "{query}");
    }
    assert_eq!(setup.found(&format!("order_number={}", number.to_lowercase().replace('-', ""))).await, one);
    assert_eq!(setup.found(&format!("customer={}", setup.customer.id)).await, both);
    assert_eq!(setup.found(&format!("customer={}", setup.admin.id)).await, Vec::<String>::new());
    assert!(setup.found(&format!("changed_from={created}")).await.contains(&"second".to_owned()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_filter_is_named(pool: PgPool) {
    let setup = setup(pool).await;
    for (query, parameter) in [
        ("status=lost", "status"),
        ("status=pending,lost", "status"),
        ("status=", "status"),
        ("payment_status=paid", "payment_status"),
        ("attention=maybe", "attention"),
        ("customer=jane", "customer"),
        ("external_ref=", "external_ref"),
        ("order_number=1234", "order_number"),
        ("order_number=0000-0001", "order_number"),
        ("metadata=channel", "metadata"),
        ("metadata=a%20b=c", "metadata"),
        ("changed_from=yesterday", "changed_from"),
        ("changed_to=1999-01-01T00:00:00Z", "changed_to"),
        ("sku=a%20b", "sku"),
        ("colour=red", "colour"),
        ("status=pending&status=shipped", "status"),
    ] {
        let refused = setup.client.send(get(&format!("/orders?{query}")).by(&setup.admin)).await;
        assert_eq!(refused.pointers(), [parameter], "{query}");
        refused.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_filters_by_what_they_do_not_see(pool: PgPool) {
    let setup = setup(pool).await;
    let id = setup.customer.id;
    let customers = format!("customer={id}");
    for (user, query, parameter) in [
        (&setup.customer, "attention=true", "attention"),
        (&setup.customer, &customers, "customer"),
        (&setup.vendor, "attention=false", "attention"),
        (&setup.vendor, "external_ref=x", "external_ref"),
        (&setup.vendor, "metadata=a=b", "metadata"),
    ] {
        let refused = setup.client.send(get(&format!("/orders?{query}")).by(user)).await;
        assert_eq!(refused.pointers(), [parameter], "{query}");
        refused.expect_problem(422, "validation");
    }
}
