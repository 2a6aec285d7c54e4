//! Orders that are called back: whatever was done for them is undone.

use futures::{StreamExt, stream};
use reqwest::StatusCode;
use std::time::Duration;
use system_tests::{Client, Goods, NewOrder, Role, TestSystem, eventually};

const LIMIT: Duration = Duration::from_secs(30);
const ORDERS: usize = 120;
const MOMENTS: [&str; 6] =
    ["accepted", "stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_delivered"];

#[tokio::test]
async fn an_order_cancelled_before_its_confirmation_leaves_nothing_behind() {
    let mut system = TestSystem::of("cancel_early").goods(Goods::of("SKU-EARLY", 5)).start().await;
    let client = system.client().signed_up("hasty").await;
    system.one(Role::Worker).kill().await;

    let id = client.place_accepted(&NewOrder::of("SKU-EARLY", 2)).await;
    let (status, body) = client.cancel(id).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    system.start_all().await;
    client.wait_until(id, "cancelled", LIMIT).await;

    assert_eq!(system.stock_of("SKU-EARLY").await, (5, 0));
    system.finish().await;
}

#[tokio::test]
async fn orders_cancelled_at_any_moment_end_and_owe_nothing() {
    let quick = TestSystem::of("cancel_race").setting("CARRIER_HAND_OVER_MS", "150");
    let quick = quick.setting("CARRIER_IN_TRANSIT_MS", "50").setting("CARRIER_DELIVERY_MS", "50");
    let system = quick.goods(Goods::in_both("SKU-RACE", 200, 200)).start().await;
    let client = system.client().signed_up("undecided").await;

    let lives = (0..ORDERS).map(|number| cancelled_at(&client, number % MOMENTS.len()));
    let answers: Vec<_> = stream::iter(lives).buffer_unordered(16).collect().await;
    system.until_all_is_done(LIMIT).await;

    let too_late = answers.iter().filter(|answer| **answer == StatusCode::CONFLICT).count();
    let ends = system.ends().await;
    assert_eq!(ends.cancelled + ends.delivered, ORDERS, "{ends:?}");
    assert!(ends.cancelled > 0 && ends.delivered > 0, "both ends were to be seen: {ends:?}, {too_late} were too late");
    system.finish().await;
}

/// Places an order and cancels it when its timeline has come to the moment of this number.
async fn cancelled_at(client: &Client, moment: usize) -> StatusCode {
    let id = client.place_accepted(&NewOrder::of("SKU-RACE", 1)).await;
    eventually(&format!("{id} to come to {}", MOMENTS[moment]), LIMIT, || async {
        let timeline = client.timeline(id).await;
        if timeline.iter().any(|kind| kind == MOMENTS[moment]) { Ok(()) } else { Err(format!("{timeline:?}")) }
    })
    .await;
    client.cancel(id).await.0
}

#[tokio::test]
async fn an_order_cancelled_after_its_confirmation_has_its_payment_voided() {
    let system = TestSystem::of("cancel_late").goods(Goods::of("SKU-LATE", 5)).start().await;
    let client = system.client().signed_up("fickle").await;

    let id = client.place_accepted(&NewOrder::of("SKU-LATE", 2)).await;
    client.wait_until(id, "confirmed", LIMIT).await;
    client.cancel(id).await;
    let order = client.wait_until(id, "cancelled", LIMIT).await;
    let (again, _body) = client.cancel(id).await;

    assert_eq!(order["payment_status"], "voided");
    assert!(again.is_success(), "cancelling twice is no error: {again}");
    assert_eq!(system.stock_of("SKU-LATE").await, (5, 0));
    system.finish().await;
}
