//! Processes that are killed with SIGKILL, and processes that stop.

use std::time::Duration;
use system_tests::load::{orders_of, place_all, place_until};
use system_tests::system::Builder;
use system_tests::{NewOrder, Role, SeedProduct, TestSystem, eventually};
use tokio_util::sync::CancellationToken;

const ORDERS: usize = 500;
const HANGING: i64 = 10;
const LIMIT: Duration = Duration::from_mins(2);

/// A system with a slow gateway, so that calls are in flight when a process is killed.
fn with_slow_gateway(name: &'static str, sku: &'static str) -> Builder {
    TestSystem::of(name).setting("SIM_GATEWAY_LATENCY_MS", "100").product(SeedProduct::of(sku, 10_000))
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_five_hundred_orders_loses_none() {
    let mut system = with_slow_gateway("worker_killed", "SKU-KILL").start().await;
    let client = system.client().signed_up("unaware").await;
    let orders = orders_of("SKU-KILL", ORDERS);

    let fault = async {
        for confirmed in [1, 100, 200] {
            system.until_partly_confirmed(confirmed, LIMIT).await;
            system.one(Role::Worker).kill().await;
            system.one(Role::Worker).start();
        }
    };
    let (accepted, ()) = tokio::join!(place_all(&client, &orders), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(accepted.len(), ORDERS);
    assert_eq!(system.status_counts().await.confirmed_or_later(), ORDERS);
    system.finish().await;
}

#[tokio::test]
async fn when_one_of_two_workers_is_killed_the_other_takes_over() {
    let mut system = with_slow_gateway("one_of_two", "SKU-PAIR").workers(2).start().await;
    let client = system.client().signed_up("pair").await;
    let orders = orders_of("SKU-PAIR", ORDERS);

    let fault = async {
        system.until_partly_confirmed(50, LIMIT).await;
        system.one(Role::Worker).kill().await;
    };
    tokio::join!(place_all(&client, &orders), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.status_counts().await.confirmed_or_later(), ORDERS);
    system.start_all().await;
    system.finish().await;
}

#[tokio::test]
async fn everything_killed_during_intake_loses_no_accepted_order() {
    let mut system = with_slow_gateway("all_killed", "SKU-ALL").start().await;
    let client = system.client().signed_up("careful").await;
    let stop = CancellationToken::new();

    let fault = async {
        for accepted in [50, 200, 350] {
            system.until_accepted(accepted, LIMIT).await;
            system.kill_all().await;
            system.start_all().await;
        }
        stop.cancel();
    };
    let (accepted, ()) = tokio::join!(place_until(&client, "SKU-ALL", &stop), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.missing_orders(&accepted).await, Vec::<uuid::Uuid>::new(), "a 202 was lost");
    let (counts, placed) = (system.status_counts().await, accepted.len());
    assert_eq!((counts.confirmed_or_later(), counts.total()), (placed, placed), "one order per key: {counts:?}");
    system.finish().await;
}

#[tokio::test]
async fn a_stop_finishes_running_work_and_leaves_nothing_to_repair() {
    let mut system = with_slow_gateway("rolling_restart", "SKU-ROLL").workers(2).start().await;
    let client = system.client().signed_up("calm").await;
    let orders = orders_of("SKU-ROLL", ORDERS);

    let rollout = async {
        system.until_partly_confirmed(20, LIMIT).await;
        for role in [Role::Worker, Role::Scheduler] {
            for process in system.all(role) {
                assert!(process.stop().await, "{} stops gracefully", role.binary());
                process.start();
            }
        }
    };
    let (accepted, ()) = tokio::join!(place_all(&client, &orders), rollout);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(accepted.len(), ORDERS);
    assert_eq!(system.status_counts().await.confirmed_or_later(), ORDERS);
    system.finish().await;
}

#[tokio::test]
async fn a_worker_killed_while_its_calls_to_the_gateway_hang_leaves_each_order_to_its_successor() {
    let hanging = TestSystem::of("killed_while_calling").setting("PAYMENT_CALL_TIMEOUT_MS", "25000");
    let mut system = hanging.product(SeedProduct::of("SKU-CALLING", 100)).start().await;
    let client = system.client().signed_up("calling").await;
    let mut unanswered = Vec::new();
    for _order in 0..HANGING {
        unanswered.push(client.place_accepted(&NewOrder::of("SKU-CALLING", 1).paid_by("sim_down")).await);
    }
    until_attempted(&system, HANGING).await;

    system.one(Role::Worker).kill().await;
    system.one(Role::Worker).start();

    // Each call is made again with its idempotency key.
    until_attempted(&system, 2 * HANGING).await;
    assert_eq!(system.count("SELECT count(*) FROM payments.operations").await, HANGING);
    for order in unanswered {
        client.cancel(order).await;
        client.wait_until(order, "cancelled", LIMIT).await;
    }
    system.finish().await;
}

/// Waits until the gateway was called for authorizations at least `at_least` times.
async fn until_attempted(system: &TestSystem, at_least: i64) {
    eventually("calls to the gateway", LIMIT, || async {
        let (_charges, attempts) = system.charges_and_attempts().await;
        if attempts >= at_least { Ok(()) } else { Err(format!("{attempts} of {at_least}")) }
    })
    .await;
}
