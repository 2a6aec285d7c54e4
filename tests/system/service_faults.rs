//! Postgres and Redis go away and come back.

use std::time::Duration;
use system_tests::load::{orders_of, place_all};
use system_tests::process::restart_service;
use system_tests::{Goods, TestSystem, settings};

const ORDERS: usize = 500;
const LIMIT: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_restart_of_postgres_in_the_middle_of_five_hundred_orders_loses_none() {
    restarted("postgres_restart", "SKU-BOOKS-AWAY", settings::database_restart_command()).await;
}

#[tokio::test]
async fn a_restart_of_redis_is_no_concern_of_orders() {
    restarted("redis_restart", "SKU-CACHE-AWAY", settings::redis_restart_command()).await;
}

async fn restarted(name: &'static str, sku: &'static str, command: String) {
    let mut system = TestSystem::of(name).goods(Goods::of(sku, 10_000)).start().await;
    let client = system.client().signed_up("steady").await;
    let (pids, orders) = (system.pids(), orders_of(sku, ORDERS));

    let disaster = async {
        system.until_in_the_middle(20, LIMIT).await;
        restart_service(&command).await;
    };
    let (journal, ()) = tokio::join!(place_all(&client, &orders), disaster);
    system.until_every_order_ended(LIMIT).await;

    assert_eq!(system.missing_of(&journal).await, Vec::<uuid::Uuid>::new(), "a 202 was lost");
    let ends = system.ends().await;
    assert_eq!((ends.going_on(), ends.all()), (ORDERS, ORDERS), "each key made one order: {ends:?}");
    assert!(system.processes().iter_mut().all(system_tests::process::Process::runs));
    assert_eq!(system.pids(), pids, "our processes are the same as before");
    system.finish().await;
}
