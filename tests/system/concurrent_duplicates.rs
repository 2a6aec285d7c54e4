//! One request that is sent many times.

use futures::future::join_all;
use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem};

const DUPLICATES: usize = 50;
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn fifty_concurrent_duplicates_create_one_order_and_get_equal_responses() {
    let system = TestSystem::of("concurrent_duplicates").product(SeedProduct::of("SKU-DUPLICATE", 100)).start().await;
    let client = system.client().signed_up("duplicate").await;
    let order = NewOrder::of("SKU-DUPLICATE", 1);

    let responses = join_all((0..DUPLICATES).map(|_number| client.place(&order))).await;
    let late = client.place(&order).await;

    let first = &responses[0];
    assert!(responses.iter().all(|placed| placed.order_id() == first.order_id() && placed.body == first.body));
    let originals = responses.iter().filter(|placed| !placed.replayed).count();
    assert!(originals <= 1, "{originals} responses are not marked as replayed");
    assert!(late.replayed && late.body == first.body, "{late:?}");
    client.wait_until(first.order_id(), "confirmed", LIMIT).await;
    assert_eq!(system.status_counts().await.total(), 1);
    system.finish().await;
}

#[tokio::test]
async fn a_key_used_for_another_order_is_refused() {
    let system = TestSystem::of("key_reuse").product(SeedProduct::of("SKU-KEY", 100)).start().await;
    let client = system.client().signed_up("reuser").await;
    let order = NewOrder::of("SKU-KEY", 1);
    let other = NewOrder { key: order.key.clone(), ..NewOrder::of("SKU-KEY", 2) };

    client.place_accepted(&order).await;
    let refused = client.place(&other).await;

    assert_eq!(refused.status, reqwest::StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert_eq!(system.status_counts().await.total(), 1);
    system.finish().await;
}
