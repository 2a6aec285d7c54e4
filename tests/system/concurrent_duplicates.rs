//! One request, sent many times.

use futures::future::join_all;
use std::time::Duration;
use system_tests::{Goods, NewOrder, TestSystem};

const TWINS: usize = 50;
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn fifty_concurrent_twins_make_one_order_and_get_equal_answers() {
    let system = TestSystem::of("twins").goods(Goods::of("SKU-TWIN", 100)).start().await;
    let client = system.client().signed_up("twin").await;
    let order = NewOrder::of("SKU-TWIN", 1);

    let answers = join_all((0..TWINS).map(|_twin| client.place(&order))).await;
    let late = client.place(&order).await;

    let first = &answers[0];
    assert!(answers.iter().all(|answer| answer.order_id() == first.order_id() && answer.body == first.body));
    assert!(answers.iter().filter(|answer| !answer.replayed).count() <= 1, "one made it, the others heard of it");
    assert!(late.replayed && late.body == first.body, "{late:?}");
    client.wait_until(first.order_id(), "confirmed", LIMIT).await;
    assert_eq!(system.ends().await.all(), 1);
    system.finish().await;
}

#[tokio::test]
async fn a_key_used_for_another_order_is_refused() {
    let system = TestSystem::of("key_reuse").goods(Goods::of("SKU-KEY", 100)).start().await;
    let client = system.client().signed_up("reuser").await;
    let order = NewOrder::of("SKU-KEY", 1);
    let other = NewOrder { key: order.key.clone(), ..NewOrder::of("SKU-KEY", 2) };

    client.place_accepted(&order).await;
    let refused = client.place(&other).await;

    assert_eq!(refused.status, reqwest::StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert_eq!(system.ends().await.all(), 1);
    system.finish().await;
}
