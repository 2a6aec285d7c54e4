//! Connections whose peer is gone without closing them cost seconds, not minutes.

use std::time::Duration;
use system_tests::database::Database;
use system_tests::load::{orders_of, place_all};
use system_tests::proxy::Proxy;
use system_tests::{Role, SeedProduct, TestSystem};

const NAME: &str = "silent_connections";
const ORDERS: usize = 100;
/// A transaction may take 20 s, and each of its steps 5 s; then the batch is retried.
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_worker_whose_database_connections_fall_silent_continues_within_a_minute() {
    let database_url = Database::url_for_processes(NAME);
    let proxy = Proxy::before(&database_url).await;
    let system = TestSystem::of(NAME).product(SeedProduct::of("SKU-QUIET", 1_000)).workers(0);
    let system = system.setting("CARRIER_HAND_OVER_MS", "3600000");
    let system = system.process(Role::Worker, "DATABASE_URL", &proxy.url_of(&database_url)).start().await;
    let client = system.client().signed_up("patient").await;
    let first = place_all(&client, &orders_of("SKU-QUIET", ORDERS)).await;
    client.wait_until(first[0], "confirmed", LIMIT).await;

    proxy.silence();

    place_all(&client, &orders_of("SKU-QUIET", ORDERS)).await;
    system.until_every_order_ended(LIMIT).await;
    system.finish().await;
}
