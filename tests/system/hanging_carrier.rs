//! A carrier that does not answer: only the bookings wait for it.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::{Goods, NewOrder, Role, TestSystem, eventually};

const ORDERS: usize = 50;
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn while_a_carrier_hangs_stock_and_payments_go_on_and_a_killed_worker_leaves_each_booking_to_its_successor() {
    let system = TestSystem::of("hanging_carrier").workers(0);
    let system = system.and(Role::Worker, "CARRIER_LATENCY_MS", "60000");
    let system = system.goods(Goods::of("SKU-BOOKED", 1_000)).goods(Goods::of("SKU-NONE", 0));
    let mut system = system.start().await;
    let client = system.client().signed_up("waiting").await;

    let booked = place_all(&client, &orders_of("SKU-BOOKED", ORDERS)).await;
    until_begun(&system).await;
    // Its own queue is the only one that waits.
    let out_of_stock = client.place_accepted(&NewOrder::of("SKU-NONE", 1)).await;
    client.wait_until(out_of_stock, "rejected", LIMIT).await;
    let declined = client.place_accepted(&NewOrder::of("SKU-BOOKED", 1).paid_by("sim_declined")).await;
    client.wait_until(declined, "rejected", LIMIT).await;
    for order in &booked {
        let order = client.order(*order).await;
        assert_eq!((&order["status"], &order["payment_status"]), (&"pending".into(), &"authorized".into()));
    }

    let worker = system.one(Role::Worker);
    worker.kill().await;
    worker.set("CARRIER_LATENCY_MS", "0");
    worker.start();

    for order in booked {
        client.wait_until(order, "confirmed", LIMIT).await;
    }
    system.finish().await;
}

/// Waits until a booking of each order has begun.
async fn until_begun(system: &TestSystem) {
    let all = i64::try_from(ORDERS).expect("small");
    eventually("the bookings to begin", LIMIT, || async {
        let begun = system.count("SELECT count(*) FROM shipping.bookings").await;
        if begun == all { Ok(()) } else { Err(format!("{begun} of {all}")) }
    })
    .await;
}
