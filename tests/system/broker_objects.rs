//! Queues and bindings that somebody deletes or declares otherwise: they come back, or health names them.

use domain::messages::Queue;
use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{Goods, NewOrder, Role, TestSystem, eventually};

const LIMIT: Duration = Duration::from_mins(1);
/// Far below the first deadline of a saga (30 s): nobody asks anything again meanwhile.
const BINDING_LIMIT: Duration = Duration::from_secs(10);
const ORDERS: usize = 100;

#[tokio::test]
async fn a_binding_deleted_under_load_is_declared_again_and_no_order_waits_for_its_deadline() {
    let system = TestSystem::of("binding_deleted").goods(Goods::of("SKU-UNBOUND", 10_000)).start().await;
    let client = system.client().signed_up("unbound").await;

    let orders = orders_of("SKU-UNBOUND", ORDERS);
    let disaster = async {
        system.until_in_the_middle(10, LIMIT).await;
        system.broker.unbind(&Queue::Payments.to_string()).await;
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(BINDING_LIMIT).await;

    assert_eq!((journal.len(), system.ends().await.going_on()), (ORDERS, ORDERS));
    system.finish().await;
}

#[tokio::test]
async fn a_queue_declared_by_hand_with_other_arguments_stops_its_own_consumers_only_and_health_names_it() {
    let mut system = TestSystem::of("declared_by_hand").goods(Goods::of("SKU-BY-HAND", 1_000)).start().await;
    let client = system.client().signed_up("by-hand").await;
    // 1 % of the ladder's first second.
    let tier = format!("{}.retry.10", Queue::Shipping);
    until_health(&system, "ok", "").await;
    system.broker.declare_by_hand(&tier).await;
    let worker = system.one(Role::Worker).pid();
    system.kill_and_restart(worker).await;

    let order = client.place_accepted(&NewOrder::of("SKU-BY-HAND", 1)).await;
    let authorized = eventually("payment to be authorized", LIMIT, || async {
        let timeline = client.timeline(order).await;
        if timeline.iter().any(|kind| kind == "payment_authorized") { Ok(()) } else { Err(format!("{timeline:?}")) }
    });
    tokio::join!(authorized, until_health(&system, "degraded", "queue shipping has no consumer"));

    system.broker.delete_queue(&tier).await;
    client.wait_until(order, "confirmed", LIMIT).await;
    until_health(&system, "ok", "").await;
    system.finish().await;
}

/// Waits for a status, and for `fault` among the faults.
async fn until_health(system: &TestSystem, status: &str, fault: &str) {
    let client = system.client();
    eventually(&format!("health to be {status}"), LIMIT, || async {
        let health = client.health_in_full().await?;
        let named = fault.is_empty() || health["faults"].to_string().contains(fault);
        if health["status"] == status && named { Ok(()) } else { Err(health.to_string()) }
    })
    .await;
}
