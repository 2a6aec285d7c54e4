//! A queue without consumers: its orders wait, and none is rejected.

use domain::messages::Queue;
use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{Role, SeedProduct, TestSystem, eventually};

const ORDERS: usize = 50;
const LIMIT: Duration = Duration::from_mins(1);
/// At this time scale, 9 seconds correspond to 15 minutes: twice as long as the plan waits for an authorization.
const TIME_SCALE_PERCENT: &str = "1";
const ABSENCE: &str = "SELECT coalesce(now() - max(created_at) > interval '9 seconds', false) FROM orders.orders";

#[tokio::test]
async fn while_the_payments_queue_has_no_consumer_no_order_is_rejected_and_no_command_is_sent_again() {
    let partial = TestSystem::of("payments_away").workers(0).setting("SAGA_TIME_SCALE_PERCENT", TIME_SCALE_PERCENT);
    let partial = partial.process(Role::Worker, "WORKER_QUEUES", "payments");
    let partial = partial.process(Role::Worker, "WORKER_QUEUES", "orders,inventory,shipping");
    let mut system = partial.product(SeedProduct::of("SKU-PATIENT", 1_000)).start().await;
    let client = system.client().signed_up("patient").await;
    system.one(Role::Worker).kill().await;
    until_the_scheduler_warns(&mut system).await;

    let accepted = place_all(&client, &orders_of("SKU-PATIENT", ORDERS)).await;
    eventually("fifteen minutes to pass, at the time scale of the test", LIMIT, || async {
        let passed: bool = sqlx::query_scalar(ABSENCE).fetch_one(system.pool()).await.map_err(|e| e.to_string())?;
        if passed { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;

    assert_eq!((accepted.len(), system.status_counts().await.pending), (ORDERS, ORDERS), "every order waits");
    let waiting = system.broker.depth(&Queue::Payments.to_string()).await.expect("a depth");
    assert_eq!(usize::try_from(waiting), Ok(ORDERS), "one command per order");
    let consumers = system.scrape(Role::Scheduler).await.sum("orderflow_queue_consumers", &[("queue", "payments")]);
    assert_eq!(consumers, Some(0.0));
    assert_eq!(warnings(&mut system), 1);
    system.start_all().await;
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.status_counts().await.confirmed_or_later(), ORDERS);
    system.finish().await;
}

async fn until_the_scheduler_warns(system: &mut TestSystem) {
    eventually("the scheduler to name the queue", LIMIT, || {
        let warnings = warnings(system);
        async move { if warnings > 0 { Ok(()) } else { Err("it has not".to_owned()) } }
    })
    .await;
}

fn warnings(system: &mut TestSystem) -> usize {
    system.one(Role::Scheduler).log().matches("Queue payments has no consumer").count()
}
