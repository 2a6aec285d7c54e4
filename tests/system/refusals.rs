//! Orders that can't be fulfilled are rejected, with nothing reserved or authorized for them.

use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem};

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_order_for_more_units_than_there_are_is_rejected_and_nobody_pays() {
    let system = TestSystem::of("out_of_stock").product(SeedProduct::of("SKU-SCARCE", 3)).start().await;
    let client = system.client().signed_up("late").await;

    let id = client.place_accepted(&NewOrder::of("SKU-SCARCE", 4)).await;
    let order = client.wait_until(id, "rejected", LIMIT).await;

    assert_eq!(order["reason"], "out_of_stock");
    assert_eq!(order["payment_status"], "unpaid");
    assert_eq!(system.stock_of("SKU-SCARCE").await, (3, 0));
    system.finish().await;
}

#[tokio::test]
async fn a_declined_payment_releases_the_stock() {
    let system = TestSystem::of("declined").product(SeedProduct::of("SKU-DEAR", 5)).start().await;
    let client = system.client().signed_up("broke").await;

    let id = client.place_accepted(&NewOrder::of("SKU-DEAR", 2).paid_by("sim_declined")).await;
    let order = client.wait_until(id, "rejected", LIMIT).await;

    assert_eq!(order["payment_status"], "declined");
    assert_eq!(system.stock_of("SKU-DEAR").await, (5, 0));
    let timeline = client.timeline(id).await;
    assert!(timeline.contains(&"stock_released".to_owned()), "{timeline:?}");
    system.finish().await;
}
