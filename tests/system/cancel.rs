//! Cancelled orders: every step that was done is compensated.

use futures::{StreamExt, stream};
use reqwest::StatusCode;
use std::time::Duration;
use system_tests::{ApiClient, NewOrder, Role, SeedProduct, TestSystem, eventually};

const LIMIT: Duration = Duration::from_secs(30);
const ORDERS: usize = 120;
const MOMENTS: [&str; 6] =
    ["accepted", "stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_delivered"];

#[tokio::test]
async fn an_order_cancelled_before_its_confirmation_holds_no_stock() {
    let mut system = TestSystem::of("cancel_early").product(SeedProduct::of("SKU-EARLY", 5)).start().await;
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
async fn orders_cancelled_at_any_moment_end_with_nothing_reserved_or_authorized() {
    let quick = TestSystem::of("cancel_race").setting("CARRIER_HAND_OVER_MS", "150");
    let quick = quick.setting("CARRIER_IN_TRANSIT_MS", "50").setting("CARRIER_DELIVERY_MS", "50");
    let system = quick.product(SeedProduct::in_both("SKU-RACE", 200, 200)).start().await;
    let client = system.client().signed_up("undecided").await;

    let cancellations = (0..ORDERS).map(|number| cancelled_at(&client, number % MOMENTS.len()));
    let responses: Vec<_> = stream::iter(cancellations).buffer_unordered(16).collect().await;
    system.until_every_saga_ended(LIMIT).await;

    let too_late = responses.iter().filter(|status| **status == StatusCode::CONFLICT).count();
    let counts = system.status_counts().await;
    assert_eq!(counts.cancelled + counts.delivered, ORDERS, "{counts:?}");
    assert!(
        counts.cancelled > 0 && counts.delivered > 0,
        "both outcomes must occur: {counts:?}, {too_late} were too late"
    );
    system.finish().await;
}

/// Places an order, and cancels it as soon as its timeline contains `MOMENTS[moment]`.
async fn cancelled_at(client: &ApiClient, moment: usize) -> StatusCode {
    let id = client.place_accepted(&NewOrder::of("SKU-RACE", 1)).await;
    eventually(&format!("{id} to reach {}", MOMENTS[moment]), LIMIT, || async {
        let timeline = client.timeline(id).await;
        if timeline.iter().any(|kind| kind == MOMENTS[moment]) { Ok(()) } else { Err(format!("{timeline:?}")) }
    })
    .await;
    client.cancel(id).await.0
}

#[tokio::test]
async fn an_order_cancelled_after_its_confirmation_has_its_payment_voided() {
    let system = TestSystem::of("cancel_late").product(SeedProduct::of("SKU-LATE", 5)).start().await;
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
