//! Restarts of Postgres and Redis.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::process::restart_service;
use system_tests::{SeedProduct, TestSystem, settings};

const ORDERS: usize = 500;
const LIMIT: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_restart_of_postgres_in_the_middle_of_five_hundred_orders_loses_none() {
    restarted("postgres_restart", "SKU-DATABASE-DOWN", settings::database_restart_command()).await;
}

#[tokio::test]
async fn a_restart_of_redis_in_the_middle_of_five_hundred_orders_loses_none() {
    restarted("redis_restart", "SKU-CACHE-DOWN", settings::redis_restart_command()).await;
}

async fn restarted(name: &'static str, sku: &'static str, command: String) {
    let mut system = TestSystem::of(name).product(SeedProduct::of(sku, 10_000)).start().await;
    let client = system.client().signed_up("steady").await;
    let (pids, orders) = (system.pids(), orders_of(sku, ORDERS));

    let fault = async {
        system.until_partly_confirmed(20, LIMIT).await;
        restart_service(&command).await;
    };
    let (accepted, ()) = tokio::join!(place_all(&client, &orders), fault);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.missing_orders(&accepted).await, Vec::<uuid::Uuid>::new(), "a 202 was lost");
    let counts = system.status_counts().await;
    assert_eq!((counts.confirmed_or_later(), counts.total()), (ORDERS, ORDERS), "one order per key: {counts:?}");
    assert!(system.processes().iter_mut().all(system_tests::process::Process::is_running));
    assert_eq!(system.pids(), pids, "no process was restarted");
    system.finish().await;
}
