//! Orders that wait for units that are out of stock, through the whole stack.

use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use system_tests::client::list;
use system_tests::system::Builder;
use system_tests::{ApiClient, NewOrder, Role, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);

/// A system whose carrier delivers at once.
fn quick(name: &'static str, product: SeedProduct) -> Builder {
    let quick = TestSystem::of(name).setting("CARRIER_HAND_OVER_MS", "50").setting("CARRIER_IN_TRANSIT_MS", "50");
    quick.setting("CARRIER_DELIVERY_MS", "50").product(product)
}

async fn receive(admin: &ApiClient, sku: &str, units: u32) {
    let receipt =
        json!({ "sku": sku, "warehouse_code": "EAST", "kind": "received", "quantity": units, "reason": "delivery" });
    let (status, body) = admin.post("/inventory/adjustments", &receipt).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
}

/// Waits until the order waits for stock, and returns its entry in the timeline.
async fn until_waiting(client: &ApiClient, id: Uuid) -> Value {
    eventually("the order to wait", LIMIT, || async {
        let order = client.order(id).await;
        if order["fulfilment_status"] == "backordered" { Ok(()) } else { Err(order.to_string()) }
    })
    .await;
    let events = client.get(&format!("/orders/{id}/events")).await;
    let entry = list(&events).iter().find(|event| event["kind"] == "backordered");
    entry.cloned().unwrap_or_else(|| panic!("no entry: {events}"))
}

#[tokio::test]
async fn an_order_waits_until_its_units_are_received_and_is_delivered() {
    let system = quick("backorder", SeedProduct::of("SKU-RARE", 1).backordered()).start().await;
    let (client, admin) = (system.client().signed_up("patient").await, system.admin().await);

    let id = client.place_accepted(&NewOrder::of("SKU-RARE", 3)).await;
    let waiting = until_waiting(&client, id).await;
    assert_eq!(waiting["detail"]["missing"], json!([{ "sku": "SKU-RARE", "units": 2 }]));
    assert_eq!(
        (client.order(id).await["status"].clone(), system.stock_of("SKU-RARE").await),
        (json!("pending"), (1, 1))
    );
    receive(&admin, "SKU-RARE", 5).await;
    client.wait_until(id, "delivered", LIMIT).await;

    let timeline = client.timeline(id).await;
    assert_eq!(timeline[..4], ["accepted", "backordered", "stock_reserved", "payment_authorized"]);
    assert_eq!(system.stock_of("SKU-RARE").await, (3, 0));
    system.finish().await;
}

#[tokio::test]
async fn the_units_of_a_cancelled_order_go_to_the_next_one_that_waits() {
    let system = quick("backorder_cancelled", SeedProduct::of("SKU-FREED", 2).backordered()).start().await;
    let client = system.client().signed_up("first").await;
    let first = client.place_accepted(&NewOrder::of("SKU-FREED", 5)).await;
    until_waiting(&client, first).await;
    let second = client.place_accepted(&NewOrder::of("SKU-FREED", 2)).await;
    until_waiting(&client, second).await;

    let (status, body) = client.cancel(first).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");

    client.wait_until(first, "cancelled", LIMIT).await;
    client.wait_until(second, "delivered", LIMIT).await;
    assert_eq!(system.stock_of("SKU-FREED").await, (0, 0));
    system.finish().await;
}

/// Units come one by one, while workers and schedulers are killed.
#[tokio::test]
async fn orders_that_wait_get_every_unit_once_though_processes_are_killed() {
    const ORDERS: usize = 12;
    let product = SeedProduct::of("SKU-SLOW", 0).backordered();
    let mut system = quick("backorder_kills", product).workers(2).schedulers(2).start().await;
    let (client, admin) = (system.client().signed_up("crowd").await, system.admin().await);
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        orders.push(client.place_accepted(&NewOrder::of("SKU-SLOW", 2)).await);
    }
    until_waiting(&client, orders[ORDERS - 1]).await;

    for unit in 0..2 * ORDERS {
        receive(&admin, "SKU-SLOW", 1).await;
        match unit {
            4 => system.one(Role::Scheduler).kill().await,
            8 => system.one(Role::Worker).kill().await,
            12 => system.start_all().await,
            _ => {}
        }
    }

    for order in orders {
        client.wait_until(order, "delivered", LIMIT).await;
    }
    assert_eq!(system.stock_of("SKU-SLOW").await, (0, 0));
    system.finish().await;
}
