//! Lost responses and failures of the gateway: nobody is charged twice, and no order waits forever.

use std::time::Duration;
use system_tests::{NewOrder, SeedProduct, TestSystem, eventually};

const LIMIT: Duration = Duration::from_mins(1);
const HANGING: usize = 40;

#[tokio::test]
async fn an_authorization_with_a_lost_response_is_made_once() {
    let quick = TestSystem::of("lost_answer").setting("PAYMENT_CALL_TIMEOUT_MS", "200");
    let system = quick.product(SeedProduct::of("SKU-LOST", 50)).start().await;
    let client = system.client().signed_up("unlucky").await;

    let mut ids = Vec::new();
    for _order in 0..20 {
        ids.push(client.place_accepted(&NewOrder::of("SKU-LOST", 1).paid_by("sim_timeout")).await);
    }
    for id in &ids {
        client.wait_until(*id, "confirmed", LIMIT).await;
    }

    let (charges, attempts) = system.charges_and_attempts().await;
    assert_eq!(charges, 20);
    assert!(attempts >= 40, "after {attempts} attempts for 20 orders, not every first response can have been lost");
    system.finish().await;
}

#[tokio::test]
async fn a_gateway_that_fails_twice_is_called_again() {
    let system = TestSystem::of("flaky_gateway").product(SeedProduct::of("SKU-FLAKY", 50)).start().await;
    let client = system.client().signed_up("patient").await;

    let id = client.place_accepted(&NewOrder::of("SKU-FLAKY", 1).paid_by("sim_flaky")).await;
    client.wait_until(id, "confirmed", LIMIT).await;

    let (charges, attempts) = system.charges_and_attempts().await;
    assert_eq!(charges, 1);
    assert!(attempts >= 3, "after {attempts} attempts, the gateway can't have failed twice");
    system.finish().await;
}

#[tokio::test]
async fn a_gateway_that_never_answers_rejects_the_order_and_releases_its_stock() {
    let hasty = TestSystem::of("gateway_down").setting("PAYMENT_CALL_TIMEOUT_MS", "100");
    let system = hasty.setting("SAGA_TIME_SCALE_PERCENT", "1").product(SeedProduct::of("SKU-DOWN", 5)).start().await;
    let client = system.client().signed_up("stranded").await;

    let id = client.place_accepted(&NewOrder::of("SKU-DOWN", 2).paid_by("sim_down")).await;
    let order = client.wait_until(id, "rejected", LIMIT).await;

    assert_eq!(order["reason"], "payment_unavailable");
    assert_eq!(system.stock_of("SKU-DOWN").await, (5, 0));
    system.finish().await;
}

#[tokio::test]
async fn orders_are_confirmed_and_cancelled_while_many_calls_of_another_payment_method_hang() {
    let system = TestSystem::of("gateway_hangs").setting("PAYMENT_CALL_TIMEOUT_MS", "25000");
    let system = system.setting("PAYMENT_METHOD_CALLS_MAX", "20").setting("RETRY_DELAY_PERCENT", "20");
    let system = system.product(SeedProduct::of("SKU-HANGING", 1_000)).start().await;
    let client = system.client().signed_up("unconcerned").await;

    let mut hanging = Vec::new();
    for _order in 0..HANGING {
        hanging.push(client.place_accepted(&NewOrder::of("SKU-HANGING", 1).paid_by("sim_down")).await);
    }
    until_hanging(&system, 20).await;
    for _order in 0..3 {
        let id = client.place_accepted(&NewOrder::of("SKU-HANGING", 1)).await;
        client.wait_until(id, "confirmed", LIMIT).await;
        client.cancel(id).await;
        client.wait_until(id, "cancelled", LIMIT).await;
    }
    // In the time of the other orders, no call was answered, given up or made again.
    until_hanging(&system, 20).await;
    assert_eq!(system.count("SELECT count(*) FROM payments.operations WHERE status = 'unknown'").await, 0);
    for id in hanging {
        client.cancel(id).await;
        client.wait_until(id, "cancelled", LIMIT).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn a_customer_whose_calls_hang_leaves_calls_of_the_same_payment_method_to_others() {
    let system = TestSystem::of("customer_hangs").setting("PAYMENT_CALL_TIMEOUT_MS", "25000");
    let system = system.setting("PAYMENT_METHOD_CALLS_MAX", "5").setting("PAYMENT_CUSTOMER_CALLS_MAX", "4");
    let system = system.setting("RETRY_DELAY_PERCENT", "20").product(SeedProduct::of("SKU-SHARED", 1_000));
    let system = system.start().await;
    let (many, one) = (system.client().signed_up("many").await, system.client().signed_up("one").await);
    let order = || NewOrder::of("SKU-SHARED", 1).paid_by("sim_down");

    let mut hanging = Vec::new();
    for _order in 0..HANGING {
        hanging.push(many.place_accepted(&order()).await);
    }
    until_hanging(&system, 4).await;
    let id = one.place_accepted(&order()).await;
    // A command without a free call is deferred before its operation is stored.
    eventually("the other customer's call", LIMIT, || async {
        let called = "SELECT count(*) FROM payments.operations WHERE order_id = $1 AND status = 'started'";
        let called: sqlx::Result<i64> = sqlx::query_scalar(called).bind(id).fetch_one(system.pool()).await;
        if matches!(called, Ok(1)) { Ok(()) } else { Err(format!("{called:?}")) }
    })
    .await;

    for (client, id) in hanging.into_iter().map(|id| (&many, id)).chain([(&one, id)]) {
        client.cancel(id).await;
        client.wait_until(id, "cancelled", LIMIT).await;
    }
    system.finish().await;
}

/// Waits until at least `at_least` authorizations have been called and not answered.
async fn until_hanging(system: &TestSystem, at_least: i64) {
    eventually("calls to hang", LIMIT, || async {
        let hanging = "SELECT count(*) FROM payments.operations WHERE kind = 'authorize' AND status = 'started'";
        let hanging = system.count(hanging).await;
        if hanging >= at_least { Ok(()) } else { Err(format!("{hanging} do")) }
    })
    .await;
}
