//! Orders for which nothing fails.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_order_is_delivered_and_its_timeline_contains_every_milestone() {
    let fast = TestSystem::of("happy_path").setting("CARRIER_HAND_OVER_MS", "200");
    let fast = fast.setting("CARRIER_IN_TRANSIT_MS", "200").setting("CARRIER_DELIVERY_MS", "200");
    let system = fast.product(SeedProduct::of("SKU-HAPPY", 10)).start().await;
    let client = system.client().signed_up("happy").await;

    let placed = client.place(&NewOrder::of("SKU-HAPPY", 2)).await;
    let id = placed.order_id();
    let followed = client.follow(id, LIMIT).await;
    let order = client.order(id).await;

    assert_eq!(placed.body["status"], "accepted");
    assert_eq!(placed.body["order_status"], "pending");
    assert_eq!(placed.body["message"], "Order accepted for async processing");
    assert_eq!(placed.location, Some(format!("/api/v1/orders/{id}")));
    assert_eq!((&order["status"], &order["fulfilment_status"]), (&json!("delivered"), &json!("delivered")));
    let timeline = client.timeline(id).await;
    let milestones =
        ["accepted", "stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_delivered"];
    let passed: Vec<_> = timeline.iter().filter(|kind| milestones.contains(&kind.as_str())).collect();
    assert_eq!(passed, milestones, "{timeline:?}");
    assert!(timeline.starts_with(&followed), "{followed:?} of {timeline:?}");
    assert!(followed.iter().any(|kind| kind == "shipment_delivered"), "{followed:?}");
    system.finish().await;
}

#[tokio::test]
async fn an_order_that_one_warehouse_cannot_fill_is_filled_from_two() {
    let system = TestSystem::of("two_warehouses").product(SeedProduct::in_both("SKU-SPLIT", 3, 2)).start().await;
    let client = system.client().signed_up("split").await;

    let id = client.place_accepted(&NewOrder::of("SKU-SPLIT", 5)).await;
    let order = client.wait_until(id, "confirmed", LIMIT).await;

    let shipments = client.get(&format!("/orders/{id}/shipments")).await;
    let codes = |shipments: &Value| {
        let codes = shipments.as_array().expect("a list").iter().map(|shipment| shipment["warehouse_code"].to_string());
        codes.collect::<BTreeSet<_>>()
    };
    let both = [r#""EAST""#, r#""WEST""#].map(str::to_owned).into();
    assert_eq!((codes(&shipments["items"]), codes(&order["shipments"])), (BTreeSet::clone(&both), both), "{order}");
    system.finish().await;
}
