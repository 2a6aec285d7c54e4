//! A carrier that does not answer: only the bookings wait for it, and a worker that is killed then loses none of them.

use domain::ids::OrderId;
use domain::messages::{CancelShipments, Queue, ShipmentCommand};
use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{Role, SeedProduct, TestSystem, eventually};
use uuid::Uuid;

const ORDERS: usize = 10;
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn while_bookings_hang_their_queue_is_processed_and_a_killed_worker_leaves_each_booking_to_its_successor() {
    let system = TestSystem::of("hanging_carrier").workers(0);
    let system = system.process(Role::Worker, "CARRIER_LATENCY_MS", "60000");
    let mut system = system.product(SeedProduct::of("SKU-BOOKED", 1_000)).start().await;
    let client = system.client().signed_up("waiting").await;

    let orders = place_all(&client, &orders_of("SKU-BOOKED", ORDERS)).await;
    until_bookings(&system, "requested", ORDERS).await;
    // A cancellation without a booking needs no call, so it must not wait for the calls.
    let order_id = OrderId::from_uuid(Uuid::now_v7());
    let cancel = ShipmentCommand::Cancel(CancelShipments { order_id });
    system.broker.publish_command(Queue::Shipping, order_id, &cancel).await;
    until_bookings(&system, "cancelled", 1).await;
    let calls = system.scrape(Role::Worker).await.sum("orderflow_provider_calls_total", &[("operation", "book")]);
    assert_eq!(calls, Some(0.0), "no call to the carrier has ended");

    let worker = system.one(Role::Worker);
    worker.kill().await;
    worker.set("CARRIER_LATENCY_MS", "0");
    worker.start();

    for order in orders {
        client.wait_until(order, "confirmed", LIMIT).await;
    }
    system.finish().await;
}

/// Waits until exactly `count` bookings have `status`.
async fn until_bookings(system: &TestSystem, status: &str, count: usize) {
    eventually(&format!("{count} bookings to be {status}"), LIMIT, || async {
        let bookings = "SELECT count(*) FROM shipping.bookings WHERE status = $1";
        let found: i64 = sqlx::query_scalar(bookings)
            .bind(status)
            .fetch_one(system.pool())
            .await
            .map_err(|error| error.to_string())?;
        if usize::try_from(found) == Ok(count) { Ok(()) } else { Err(format!("{found} are")) }
    })
    .await;
}
