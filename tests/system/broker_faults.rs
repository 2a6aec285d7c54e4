//! A broker that is unavailable or loses its data only delays orders.

use domain::messages::Queue;
use messaging::topology::dead_queue;
use std::collections::BTreeSet;
use std::time::Duration;
use strum::IntoEnumIterator;
use system_tests::load::{orders_of, place_all};
use system_tests::process::{Process, restart_service};
use system_tests::{Role, SeedProduct, TestSystem, eventually, settings};

const ORDERS: usize = 500;
/// How often connections are closed, and how many at least each time: each process has two or three.
const CUTS: usize = 5;
const CONNECTIONS: usize = 4;
const LIMIT: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_broker_restart_in_the_middle_of_five_hundred_orders_needs_no_restart_of_a_process() {
    let command = settings::broker_restart_command();
    let slow = TestSystem::of("broker_restart").setting("SIM_GATEWAY_LATENCY_MS", "30");
    let mut system = slow.product(SeedProduct::of("SKU-BROKER", 10_000)).start().await;
    let client = system.client().signed_up("steady").await;
    let pids = system.pids();

    let orders = orders_of("SKU-BROKER", ORDERS);
    let fault = async {
        system.until_partly_confirmed(20, LIMIT).await;
        let health = system.client();
        let noticed = eventually("health to report that the broker is unavailable", LIMIT, || async {
            let health = health.health().await?;
            if health == "degraded" { Ok(()) } else { Err(health) }
        });
        tokio::join!(restart_service(&command), noticed);
        system.broker.until_available().await;
    };
    let (accepted, ()) = tokio::join!(place_all(&client, &orders), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(accepted.len(), ORDERS);
    assert_eq!(system.status_counts().await.confirmed_or_later(), ORDERS);
    assert_eq!(system.pids(), pids, "no process was restarted");
    assert!(system.all(Role::Worker).all(Process::is_running));
    system.finish().await;
}

#[tokio::test]
async fn connections_closed_again_and_again_are_opened_again() {
    let system = TestSystem::of("connections_cut").setting("SIM_GATEWAY_LATENCY_MS", "20");
    let system = system.product(SeedProduct::in_both("SKU-CUT", 5_000, 5_000)).workers(2).start().await;
    let client = system.client().signed_up("unplugged").await;

    let (mut closed, mut confirmed) = (BTreeSet::new(), 0);
    for round in 1..=CUTS {
        let open = system.broker.connections(CONNECTIONS, &closed).await;
        let orders = orders_of("SKU-CUT", ORDERS / CUTS);
        let fault = async {
            system.until_partly_confirmed(confirmed + 1, LIMIT).await;
            system.broker.close_connections(&open).await;
        };
        let (accepted, ()) = tokio::join!(place_all(&client, &orders), fault);
        system.until_every_order_ended(LIMIT).await;
        confirmed += accepted.len();
        closed.extend(open);
        assert_eq!((round, system.status_counts().await.confirmed_or_later()), (round, confirmed));
    }

    assert!(closed.len() >= CUTS * CONNECTIONS);
    system.finish().await;
}

#[tokio::test]
async fn queues_deleted_with_their_messages_are_declared_again_and_every_order_is_confirmed() {
    let quick = TestSystem::of("queues_deleted").setting("SAGA_TIME_SCALE_PERCENT", "20");
    let quick = quick.setting("SIM_GATEWAY_LATENCY_MS", "100");
    let system = quick.product(SeedProduct::of("SKU-PURGE", 10_000)).start().await;
    let client = system.client().signed_up("persistent").await;

    let orders = orders_of("SKU-PURGE", 200);
    let fault = async {
        system.until_partly_confirmed(10, LIMIT).await;
        for queue in Queue::iter() {
            system.broker.delete_queue(&queue.to_string()).await;
        }
    };
    let (accepted, ()) = tokio::join!(place_all(&client, &orders), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(accepted.len(), 200);
    assert_eq!(system.status_counts().await.confirmed_or_later(), 200);
    system.finish().await;
}

#[tokio::test]
async fn a_consumer_that_the_broker_forgot_consumes_again_by_itself() {
    let mut system = TestSystem::of("consumer_forgotten").product(SeedProduct::of("SKU-FORGOTTEN", 100)).start().await;
    let client = system.client().signed_up("forgotten").await;

    // When a channel of RabbitMQ 3.x learns that its queue was deleted and there is a new queue of that name, it starts
    // a consumer on the new queue without notifying the client, and then drops every delivery.
    system.broker.suspend_consuming_channels().await;
    for queue in Queue::iter() {
        system.broker.delete_queue(&queue.to_string()).await;
        system.broker.delete_queue(&dead_queue(queue)).await;
    }
    system.broker.declare_all().await;
    system.broker.resume_consuming_channels().await;

    let ids = place_all(&client, &orders_of("SKU-FORGOTTEN", 20)).await;
    system.expect_failed_jobs(1);
    system.broker.publish_raw(&dead_queue(Queue::Inventory), b"not an envelope").await;
    for id in ids {
        client.wait_until(id, "confirmed", LIMIT).await;
    }
    system.until_failed_jobs(1, LIMIT).await;
    system.finish().await;
}

#[tokio::test]
async fn a_broker_that_loses_all_of_its_data_under_load_loses_no_order() {
    let quick = TestSystem::of("broker_wiped").setting("SAGA_TIME_SCALE_PERCENT", "20");
    let quick = quick.setting("SIM_GATEWAY_LATENCY_MS", "30");
    let mut system = quick.product(SeedProduct::of("SKU-AMNESIA", 10_000)).start().await;
    let client = system.client().signed_up("steady").await;
    let pids = system.pids();

    let orders = orders_of("SKU-AMNESIA", ORDERS);
    let fault = async {
        system.until_partly_confirmed(20, LIMIT).await;
        restart_service(&settings::broker_wipe_command()).await;
        // The vhost was deleted too; our processes declare the topology in it by themselves.
        system.broker.create_vhost().await;
        system.broker.until_available().await;
    };
    let (accepted, ()) = tokio::join!(place_all(&client, &orders), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.missing_orders(&accepted).await, Vec::<uuid::Uuid>::new(), "a 202 was lost");
    assert_eq!(system.status_counts().await.confirmed_or_later(), ORDERS);
    assert_eq!(system.pids(), pids, "no process was restarted");
    assert!(system.processes().iter_mut().all(Process::is_running));
    system.finish().await;
}
