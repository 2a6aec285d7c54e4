//! Queues and bindings that are deleted or declared with other arguments: our processes declare them again, or health
//! names them.

use domain::messages::Queue;
use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{NewOrder, SeedProduct, TestSystem, eventually};

const LIMIT: Duration = Duration::from_mins(1);
/// Far below the first deadline of a saga (30 s), so no command is sent again within it.
const BINDING_LIMIT: Duration = Duration::from_secs(10);
const ORDERS: usize = 100;

#[tokio::test]
async fn a_deleted_binding_is_declared_again_before_any_saga_reaches_its_deadline() {
    let system = TestSystem::of("binding_deleted").product(SeedProduct::of("SKU-UNBOUND", 10_000)).start().await;
    let client = system.client().signed_up("unbound").await;
    // Every relay has opened its channels by then, and declares nothing more unless a message is refused.
    let first = client.place_accepted(&NewOrder::of("SKU-UNBOUND", 1)).await;
    client.wait_until(first, "confirmed", LIMIT).await;

    system.broker.unbind(&Queue::Payments.to_string()).await;
    let accepted = place_all(&client, &orders_of("SKU-UNBOUND", ORDERS)).await;
    until_refused(&system, &Queue::Payments.to_string()).await;
    system.until_every_order_ended(BINDING_LIMIT).await;

    assert_eq!((accepted.len(), system.status_counts().await.confirmed_or_later()), (ORDERS, ORDERS + 1));
    system.finish().await;
}

#[tokio::test]
async fn a_queue_declared_by_hand_with_other_arguments_stops_its_own_consumers_only_and_health_names_it() {
    let mut system = TestSystem::of("declared_by_hand").product(SeedProduct::of("SKU-BY-HAND", 1_000)).start().await;
    let client = system.client().signed_up("by-hand").await;
    // The first retry delay is 1 s, of which the test has 1 %: 10 ms.
    let retry_queue = format!("{}.retry.10", Queue::Shipping);
    until_health(&system, "ok", "").await;
    system.broker.declare_classic_queue(&retry_queue).await;
    // No process keeps a channel on which the queue was declared before.
    system.kill_all().await;
    system.start_all().await;

    let order = client.place_accepted(&NewOrder::of("SKU-BY-HAND", 1)).await;
    let authorized = eventually("payment to be authorized", LIMIT, || async {
        let timeline = client.timeline(order).await;
        if timeline.iter().any(|kind| kind == "payment_authorized") { Ok(()) } else { Err(format!("{timeline:?}")) }
    });
    tokio::join!(authorized, until_health(&system, "degraded", "queue shipping has no consumer"));

    system.broker.delete_queue(&retry_queue).await;
    client.wait_until(order, "confirmed", LIMIT).await;
    until_health(&system, "ok", "").await;
    system.finish().await;
}

/// Waits until a relay has logged that the broker refused a message to `queue`.
async fn until_refused(system: &TestSystem, queue: &str) {
    let refusal = |line: &str| line.contains("The broker refused messages") && line.contains(&format!("\"{queue}."));
    eventually("a message to be refused", LIMIT, || async {
        let logs: String = system.logs().collect();
        if logs.lines().any(refusal) { Ok(()) } else { Err("no relay has logged a refusal".to_owned()) }
    })
    .await;
}

/// Waits until health has this status, with `fault` among its faults.
async fn until_health(system: &TestSystem, status: &str, fault: &str) {
    let client = system.client();
    eventually(&format!("health to be {status}"), LIMIT, || async {
        let health = client.health_report().await?;
        let named = fault.is_empty() || health["faults"].to_string().contains(fault);
        if health["status"] == status && named { Ok(()) } else { Err(health.to_string()) }
    })
    .await;
}
