//! A broker that goes away, or forgets: nothing depends on it but speed.

use domain::messages::Queue;
use messaging::topology::dead_queue;
use std::collections::BTreeSet;
use std::time::Duration;
use strum::IntoEnumIterator;
use system_tests::load::{orders_of, place_all};
use system_tests::process::{Process, restart_service};
use system_tests::{Goods, Role, TestSystem, eventually, settings};

const ORDERS: usize = 500;
/// How often connections are cut, and how many at least: our processes have two or three each.
const CUTS: usize = 5;
const CONNECTIONS: usize = 4;
const LIMIT: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_broker_restart_in_the_middle_of_five_hundred_orders_needs_no_restart_of_ours() {
    let command = settings::broker_restart_command();
    let thoughtful = TestSystem::of("broker_restart").setting("SIM_GATEWAY_LATENCY_MS", "30");
    let mut system = thoughtful.goods(Goods::of("SKU-BROKER", 10_000)).start().await;
    let client = system.client().signed_up("steady").await;
    let pids = system.pids();

    let orders = orders_of("SKU-BROKER", ORDERS);
    let disaster = async {
        system.until_in_the_middle(20, LIMIT).await;
        let health = system.client();
        let noticed = eventually("health to say that the broker is away", LIMIT, || async {
            let health = health.health().await?;
            if health == "degraded" { Ok(()) } else { Err(health) }
        });
        tokio::join!(restart_service(&command), noticed);
        system.broker.until_back().await;
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(journal.len(), ORDERS);
    assert_eq!(system.ends().await.going_on(), ORDERS);
    assert_eq!(system.pids(), pids, "our processes are the same as before");
    assert!(system.all(Role::Worker).all(Process::runs));
    system.finish().await;
}

#[tokio::test]
async fn connections_cut_again_and_again_are_made_anew() {
    let system = TestSystem::of("connections_cut").setting("SIM_GATEWAY_LATENCY_MS", "20");
    let system = system.goods(Goods::in_both("SKU-CUT", 5_000, 5_000)).workers(2).start().await;
    let client = system.client().signed_up("unplugged").await;

    let (mut cut, mut confirmed) = (BTreeSet::new(), 0);
    for round in 1..=CUTS {
        let standing = system.broker.connections(CONNECTIONS, &cut).await;
        let orders = orders_of("SKU-CUT", ORDERS / CUTS);
        let disaster = async {
            system.until_in_the_middle(confirmed + 1, LIMIT).await;
            system.broker.cut(&standing).await;
        };
        let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
        system.until_every_order_ended(LIMIT).await;
        confirmed += journal.len();
        cut.extend(standing);
        assert_eq!((round, system.ends().await.going_on()), (round, confirmed));
    }

    assert!(cut.len() >= CUTS * CONNECTIONS);
    system.finish().await;
}

#[tokio::test]
async fn queues_deleted_with_all_that_is_in_them_come_back_and_so_do_the_orders() {
    let impatient = TestSystem::of("queues_deleted").setting("SAGA_PACE_PERCENT", "20");
    let impatient = impatient.setting("SIM_GATEWAY_LATENCY_MS", "100");
    let system = impatient.goods(Goods::of("SKU-PURGE", 10_000)).start().await;
    let client = system.client().signed_up("persistent").await;

    let orders = orders_of("SKU-PURGE", 200);
    let disaster = async {
        system.until_in_the_middle(10, LIMIT).await;
        for queue in [Queue::Inventory, Queue::Payments, Queue::Shipping, Queue::Orders] {
            system.broker.delete_queue(&queue.to_string()).await;
        }
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(journal.len(), 200);
    assert_eq!(system.ends().await.going_on(), 200);
    system.finish().await;
}

#[tokio::test]
async fn a_consumer_that_the_broker_forgot_consumes_again_by_itself() {
    let mut system = TestSystem::of("consumer_forgotten").goods(Goods::of("SKU-FORGOTTEN", 100)).start().await;
    let client = system.client().signed_up("unheard").await;

    // RabbitMQ 3.x consumes anew on behalf of a channel that hears of its queue's end when there is another one of that
    // name already, tells nobody, and from then on drops what it should deliver.
    system.broker.suspend_consuming_channels().await;
    for queue in Queue::iter() {
        system.broker.delete_queue(&queue.to_string()).await;
        system.broker.delete_queue(&dead_queue(queue)).await;
    }
    system.broker.declare_all().await;
    system.broker.resume_consuming_channels().await;

    let ids = place_all(&client, &orders_of("SKU-FORGOTTEN", 20)).await;
    system.expect_failed_jobs(1);
    system.broker.publish_raw(&dead_queue(Queue::Inventory), b"nobody can read this").await;
    for id in ids {
        client.wait_until(id, "confirmed", LIMIT).await;
    }
    system.until_failed_jobs(1, LIMIT).await;
    system.finish().await;
}

#[tokio::test]
async fn a_broker_that_loses_all_of_its_data_under_load_loses_no_order() {
    let impatient = TestSystem::of("broker_wiped").setting("SAGA_PACE_PERCENT", "20");
    let impatient = impatient.setting("SIM_GATEWAY_LATENCY_MS", "30");
    let mut system = impatient.goods(Goods::of("SKU-AMNESIA", 10_000)).start().await;
    let client = system.client().signed_up("steady").await;
    let pids = system.pids();

    let orders = orders_of("SKU-AMNESIA", ORDERS);
    let disaster = async {
        system.until_in_the_middle(20, LIMIT).await;
        restart_service(&settings::broker_wipe_command()).await;
        // The vhost went with the rest; our processes declare the topology in it by themselves.
        system.broker.make_vhost().await;
        system.broker.until_back().await;
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.missing_of(&journal).await, Vec::<uuid::Uuid>::new(), "a 202 was lost");
    assert_eq!(system.ends().await.going_on(), ORDERS);
    assert_eq!(system.pids(), pids, "our processes are the same as before");
    assert!(system.processes().iter_mut().all(Process::runs));
    system.finish().await;
}
