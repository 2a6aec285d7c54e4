//! Everything at once: all kinds of orders, callers who change their minds, and processes that die at every turn.

use futures::{StreamExt, stream};
use std::time::Duration;
use system_tests::load::mixed_orders;
use system_tests::{Client, Goods, NewOrder, Role, TestSystem};

const ORDERS: usize = 600;
const CLIENTS_AT_ONCE: usize = 32;
const LIMIT: Duration = Duration::from_mins(3);
/// Every so many orders, one is called back as soon as it is accepted.
const CANCEL_EVERY: usize = 6;

#[tokio::test]
async fn whatever_dies_every_order_ends_and_the_books_are_right() {
    let system = TestSystem::of("gauntlet").workers(2).setting("SIM_GATEWAY_LATENCY_MS", "20");
    let system = system.setting("CARRIER_HAND_OVER_MS", "1500").setting("CARRIER_IN_TRANSIT_MS", "300");
    let system = system.setting("CARRIER_DELIVERY_MS", "300").setting("PAYMENT_CALL_TIMEOUT_MS", "500");
    let plenty = [Goods::in_both("SKU-PLENTY", 1_000, 1_000), Goods::in_both("SKU-SOME", 150, 90)];
    let mut system = plenty.into_iter().fold(system, system_tests::system::Builder::goods).start().await;
    let client = system.client().signed_up("gauntlet").await;
    let orders = mixed_orders(&["SKU-PLENTY", "SKU-SOME"], ORDERS);

    let disasters = async {
        for accepted in [60, 150, 240, 330, 420, 510] {
            system.until_accepted(accepted, LIMIT).await;
            let next = (accepted / 90) % system.processes().len();
            system.processes()[next].kill().await;
            system.start_all().await;
        }
        system.all(Role::Worker).count()
    };
    let (placed, workers) = tokio::join!(place_and_regret(&client, &orders), disasters);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!((placed, workers), (ORDERS, 2));
    let ends = system.ends().await;
    assert_eq!(ends.all(), ORDERS, "each key made one order: {ends:?}");
    assert!(ends.rejected > 0 && ends.cancelled > 0 && ends.going_on() > 0, "all kinds of ends: {ends:?}");
    system.until_all_is_done(LIMIT).await;
    system.finish().await;
}

/// Places them all, and calls some back; says how many were accepted.
async fn place_and_regret(client: &Client, orders: &[NewOrder]) -> usize {
    let placing = stream::iter(orders.iter().enumerate()).map(|(number, order)| async move {
        let id = client.place_accepted(order).await;
        if number % CANCEL_EVERY == 0 {
            client.cancel(id).await;
        }
    });
    placing.buffer_unordered(CLIENTS_AT_ONCE).count().await
}
