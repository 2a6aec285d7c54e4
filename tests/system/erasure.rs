//! A customer who asks for it is forgotten: by real processes, in every table.

use serde_json::{Value, json};
use std::time::Duration;
use system_tests::{ApiClient, NewOrder, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(2);
const ORDERS: usize = 3;

fn details(number: usize) -> Value {
    json!({ "ship_to": { "name": "Jane Quetzal", "line1": "1 Quetzal Lane", "city": "Quetzalburg", "country": "DE" },
            "contact": { "email": "quetzal@example.com" }, "note": "Ring at Quetzal",
            "external_ref": format!("quetzal-{number}"), "metadata": { "friend": "Quetzal" } })
}

#[tokio::test]
async fn an_erased_customer_leaves_no_text_in_any_table_and_the_accounting_stays() {
    let system = TestSystem::of("erasure").setting("CARRIER_HAND_OVER_MS", "1").setting("CARRIER_IN_TRANSIT_MS", "1");
    let system = system.setting("CARRIER_DELIVERY_MS", "1").product(SeedProduct::of("SKU-GIFT", 10)).start().await;
    let customer = system.client().signed_up("quetzal").await;
    let mut orders = Vec::new();
    for number in 0..ORDERS {
        orders.push(customer.place_accepted(&NewOrder::of("SKU-GIFT", 1).with(details(number))).await);
    }
    for order in &orders {
        customer.wait_until(*order, "delivered", LIMIT).await;
    }
    let returned = json!({ "reason": "other", "note": "For Quetzal", "lines": [{ "line_no": 1, "quantity": 1 }] });
    let (status, body) = customer.post(&format!("/orders/{}/returns", orders[0]), &returned).await;
    assert_eq!(status.as_u16(), 201, "{body}");
    let id = customer.get("/auth/me").await["id"].as_str().expect("an id").to_owned();
    let admin = system.admin().await;
    let paid = admin.payments(orders[0]).await;

    until_erased(&admin, &id).await;

    assert_eq!(system.tables_with("quetzal").await, Vec::<String>::new());
    assert_eq!(admin.payments(orders[0]).await, paid);
    assert_delivered_without_address(&admin, orders[0]).await;
    system.finish().await;
}

/// Repeats the request until every order is erased, which begins half a minute later.
async fn until_erased(admin: &ApiClient, id: &str) {
    let path = format!("/admin/customers/{id}/erase");
    eventually("every order to be erased", LIMIT, || async {
        let (status, body) = admin.post(&path, &json!({ "reason": "request 7" })).await;
        assert_eq!(status.as_u16(), 202, "{body}");
        if body["orders"] == ORDERS { Ok(()) } else { Err(body.to_string()) }
    })
    .await;
}

async fn assert_delivered_without_address(admin: &ApiClient, order: Uuid) {
    let order = admin.order(order).await;
    assert_eq!((&order["status"], &order["items"][0]["sku"]), (&json!("delivered"), &json!("SKU-GIFT")));
    for erased in ["ship_to", "contact", "note", "external_ref", "metadata"] {
        assert_eq!(order[erased], Value::Null, "{erased}");
    }
}
