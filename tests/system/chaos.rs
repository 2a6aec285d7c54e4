//! Everything at once: orders of all kinds, cancellations, and processes that are killed again and again.

use futures::{StreamExt, stream};
use std::time::Duration;
use system_tests::load::mixed_orders;
use system_tests::{ApiClient, NewOrder, Role, SeedProduct, TestSystem};

const ORDERS: usize = 600;
const CLIENTS_AT_ONCE: usize = 32;
const LIMIT: Duration = Duration::from_mins(3);
/// One of this many orders is cancelled as soon as it is accepted.
const CANCEL_EVERY: usize = 6;

#[tokio::test]
async fn whichever_process_is_killed_every_order_ends_and_verification_finds_nothing() {
    let system = TestSystem::of("chaos").workers(2).setting("SIM_GATEWAY_LATENCY_MS", "20");
    let system = system.setting("CARRIER_HAND_OVER_MS", "1500").setting("CARRIER_IN_TRANSIT_MS", "300");
    let system = system.setting("CARRIER_DELIVERY_MS", "300").setting("PAYMENT_CALL_TIMEOUT_MS", "500");
    let products = [SeedProduct::in_both("SKU-PLENTY", 1_000, 1_000), SeedProduct::in_both("SKU-SOME", 150, 90)];
    let mut system = products.into_iter().fold(system, system_tests::system::Builder::product).start().await;
    let client = system.client().signed_up("chaos").await;
    let orders = mixed_orders(&["SKU-PLENTY", "SKU-SOME"], ORDERS);

    let kills = async {
        for accepted in [60, 150, 240, 330, 420, 510] {
            system.until_accepted(accepted, LIMIT).await;
            let next = (accepted / 90) % system.processes().len();
            system.processes()[next].kill().await;
            system.start_all().await;
        }
        system.all(Role::Worker).count()
    };
    let (placed, workers) = tokio::join!(place_and_cancel_some(&client, &orders), kills);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!((placed, workers), (ORDERS, 2));
    let counts = system.status_counts().await;
    assert_eq!(counts.total(), ORDERS, "one order per key: {counts:?}");
    assert!(
        counts.rejected > 0 && counts.cancelled > 0 && counts.confirmed_or_later() > 0,
        "every outcome occurs: {counts:?}"
    );
    system.until_every_saga_ended(LIMIT).await;
    system.finish().await;
}

/// Places all orders and cancels some of them. Returns how many were accepted.
async fn place_and_cancel_some(client: &ApiClient, orders: &[NewOrder]) -> usize {
    let placing = stream::iter(orders.iter().enumerate()).map(|(number, order)| async move {
        let id = client.place_accepted(order).await;
        if number % CANCEL_EVERY == 0 {
            client.cancel(id).await;
        }
    });
    placing.buffer_unordered(CLIENTS_AT_ONCE).count().await
}
