//! Random histories of orders after their placement, while processes are killed: lines are cancelled, shipments get lost,
//! goods come back, money goes back. Every history ends, and verification finds nothing.
//!
//! `HISTORIES` says how many, `HISTORY_SEED` which, and `HISTORY` picks one of them to reproduce it.

use crate::history::History;
use fastrand::Rng;
use futures::{StreamExt, stream};
use std::time::Duration;
use system_tests::settings::number;
use system_tests::system::Builder;
use system_tests::{Role, SeedProduct, TestSystem, eventually};

const HISTORIES: u64 = 60;
const AT_ONCE: usize = 16;
/// One process is killed after so many histories.
const KILL_EVERY: u64 = 15;
const LIMIT: Duration = Duration::from_mins(3);

#[tokio::test]
async fn random_histories_end_and_leave_stock_and_money_exact() {
    let (count, seed) = (number("HISTORIES").unwrap_or(HISTORIES), number("HISTORY_SEED").unwrap_or(1));
    let numbers = number("HISTORY").map_or(0..count, |number| number..number + 1);
    let system = TestSystem::of("histories").workers(2).setting("SIM_GATEWAY_LATENCY_MS", "5");
    let system = system.setting("CARRIER_HAND_OVER_MS", "1000").setting("CARRIER_IN_TRANSIT_MS", "400");
    let system = system.setting("CARRIER_DELIVERY_MS", "400").setting("PAYMENT_CALL_TIMEOUT_MS", "500");
    let system = system.setting("SAGA_TIME_SCALE_PERCENT", "5").setting("RETRY_DELAY_PERCENT", "20");
    // Some authorizations are renewed while their order waits for the carrier.
    let system = system.setting("AUTHORIZATION_TTL_SECONDS", "1");
    let [paid, other, gift] = crate::history::SKUS;
    let products = [
        SeedProduct::of(paid, 100_000),
        SeedProduct::in_both(other, 100_000, 100_000),
        SeedProduct::in_both(gift, 0, 100_000).free(),
    ];
    let mut system = products.into_iter().fold(system, Builder::product).start().await;
    let customer = system.client().signed_up("storyteller").await;
    let admin = system.admin().await;

    let histories = stream::iter(numbers).map(|number| {
        let (customer, admin) = (customer.clone(), admin.clone());
        async move { History::begin(customer, admin, seed, number).await.run().await }
    });
    let mut ended = Box::pin(histories.buffer_unordered(AT_ONCE));
    let mut killer = Rng::with_seed(seed);
    let mut histories = Vec::new();
    while let Some(history) = ended.next().await {
        histories.push(history);
        if u64::try_from(histories.len()).is_ok_and(|ended| ended % KILL_EVERY == 0) {
            let victim = killer.usize(..system.processes().len());
            system.processes()[victim].kill().await;
            system.start_all().await;
        }
    }
    drop(ended);
    stream::iter(&histories).for_each_concurrent(AT_ONCE, |history| history.settle(LIMIT)).await;

    system.until_every_saga_ended(LIMIT).await;
    until_every_return_ended(&system).await;
    assert_eq!(system.all(Role::Worker).count(), 2);
    println!("{}", crate::history::summary(&system).await);
    system.finish().await;
}

async fn until_every_return_ended(system: &TestSystem) {
    eventually("every return to end", LIMIT, || async {
        let open = system.count("SELECT count(*) FROM orders.returns WHERE active").await;
        if open == 0 { Ok(()) } else { Err(format!("{open} returns are open")) }
    })
    .await;
}
