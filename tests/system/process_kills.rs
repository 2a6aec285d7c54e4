//! Processes that die without a goodbye.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::system::Builder;
use system_tests::{Goods, NewOrder, Role, TestSystem, eventually};

const ORDERS: usize = 500;
const HANGING: i64 = 10;
const LIMIT: Duration = Duration::from_mins(2);

/// A system whose gateway takes its time, so that a kill meets calls that are under way.
fn thoughtful(name: &'static str, sku: &'static str) -> Builder {
    TestSystem::of(name).setting("SIM_GATEWAY_LATENCY_MS", "100").goods(Goods::of(sku, 10_000))
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_five_hundred_orders_loses_none() {
    let mut system = thoughtful("worker_killed", "SKU-KILL").start().await;
    let client = system.client().signed_up("unaware").await;
    let orders = orders_of("SKU-KILL", ORDERS);

    let disaster = async {
        for confirmed in [1, 100, 200] {
            system.until_in_the_middle(confirmed, LIMIT).await;
            system.one(Role::Worker).kill().await;
            system.one(Role::Worker).start();
        }
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(journal.len(), ORDERS);
    assert_eq!(system.ends().await.going_on(), ORDERS);
    system.finish().await;
}

#[tokio::test]
async fn of_two_workers_the_other_carries_on() {
    let mut system = thoughtful("one_of_two", "SKU-PAIR").workers(2).start().await;
    let client = system.client().signed_up("pair").await;
    let orders = orders_of("SKU-PAIR", ORDERS);

    let disaster = async {
        system.until_in_the_middle(50, LIMIT).await;
        system.one(Role::Worker).kill().await;
    };
    tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.ends().await.going_on(), ORDERS);
    system.start_all().await;
    system.finish().await;
}

#[tokio::test]
async fn everything_killed_during_intake_loses_no_accepted_order() {
    let mut system = thoughtful("all_killed", "SKU-ALL").start().await;
    let client = system.client().signed_up("careful").await;
    let orders = orders_of("SKU-ALL", ORDERS);

    let disaster = async {
        for accepted in [50, 200, 350] {
            system.until_accepted(accepted, LIMIT).await;
            assert!(system.ends().await.all() < ORDERS, "too late to disturb the intake");
            system.kill_all().await;
            system.start_all().await;
        }
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.missing_of(&journal).await, Vec::<uuid::Uuid>::new(), "a 202 was lost");
    let ends = system.ends().await;
    assert_eq!((ends.going_on(), ends.all()), (ORDERS, ORDERS), "each key made one order: {ends:?}");
    system.finish().await;
}

#[tokio::test]
async fn a_stop_finishes_what_has_begun_and_leaves_nothing_to_repair() {
    let mut system = thoughtful("rolling_restart", "SKU-ROLL").workers(2).start().await;
    let client = system.client().signed_up("calm").await;
    let orders = orders_of("SKU-ROLL", ORDERS);

    let rollout = async {
        system.until_in_the_middle(20, LIMIT).await;
        for role in [Role::Worker, Role::Scheduler] {
            for process in system.all(role) {
                assert!(process.stop().await, "{} stops in good order", role.binary());
                process.start();
            }
        }
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), rollout);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(journal.len(), ORDERS);
    assert_eq!(system.ends().await.going_on(), ORDERS);
    system.finish().await;
}

#[tokio::test]
async fn a_worker_killed_while_its_calls_to_the_gateway_hang_leaves_each_order_to_its_successor() {
    let hanging = TestSystem::of("killed_while_calling").setting("PAYMENT_CALL_TIMEOUT_MS", "25000");
    let mut system = hanging.goods(Goods::of("SKU-CALLING", 100)).start().await;
    let client = system.client().signed_up("calling").await;
    let mut unanswered = Vec::new();
    for _order in 0..HANGING {
        unanswered.push(client.place_accepted(&NewOrder::of("SKU-CALLING", 1).paid_by("sim_down")).await);
    }
    until_attempted(&system, HANGING).await;

    system.one(Role::Worker).kill().await;
    system.one(Role::Worker).start();

    // Each call is made again, under its old key.
    until_attempted(&system, 2 * HANGING).await;
    assert_eq!(system.count("SELECT count(*) FROM payments.operations").await, HANGING);
    for order in unanswered {
        client.cancel(order).await;
        client.wait_until(order, "cancelled", LIMIT).await;
    }
    system.finish().await;
}

/// Waits until the gateway was called for authorizations so often.
async fn until_attempted(system: &TestSystem, at_least: i64) {
    eventually("calls to the gateway", LIMIT, || async {
        let (_charges, attempts) = system.charges_and_attempts().await;
        if attempts >= at_least { Ok(()) } else { Err(format!("{attempts} of {at_least}")) }
    })
    .await;
}
