//! A row that somebody holds and does not release: its own order waits, and no other one.

use crate::strangers::command;
use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{
    CancelShipments, InventoryCommand, PaymentCommand, Queue, ReleaseStock, ShipmentCommand, VoidPayment,
};
use sqlx::{Postgres, Transaction};
use std::time::Duration;
use strum::IntoEnumIterator;
use system_tests::load::{orders_of, place_all};
use system_tests::{Goods, NewOrder, Role, TestSystem, eventually};
use uuid::Uuid;

const OTHERS: usize = 100;
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn an_order_whose_row_is_locked_waits_alone_whichever_queue_it_is_in() {
    let patient = TestSystem::of("locked_rows").setting("RETRY_DELAY_PERCENT", "10");
    let patient = patient.goods(Goods::of("SKU-HELD", 10)).goods(Goods::of("SKU-FREE", 1_000));
    let mut system = patient.start().await;
    let client = system.client().signed_up("queueing").await;
    assert!(system.one(Role::Worker).stop().await);

    let of_stock = client.place_accepted(&NewOrder::of("SKU-HELD", 1)).await;
    let blocked = place_all(&client, &orders_of("SKU-FREE", 3)).await;
    let others = place_all(&client, &orders_of("SKU-FREE", OTHERS)).await;
    let holder = lock_rows(&system, blocked[0], blocked[1], blocked[2]).await;
    system.one(Role::Worker).start();
    system.one(Role::Worker).until_ready().await;

    for order in others {
        client.wait_until(order, "confirmed", LIMIT).await;
    }
    until_retried_in_every_queue(&system).await;
    for order in blocked.iter().chain([&of_stock]) {
        assert_eq!(client.order(*order).await["status"], "pending");
    }
    holder.rollback().await.expect("released");
    for order in blocked.into_iter().chain([of_stock]) {
        client.wait_until(order, "confirmed", LIMIT).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn a_worker_whose_batches_all_wait_for_locks_keeps_its_heartbeat() {
    // Two connections for the batches of all queues, of which three wait for a lock.
    let system = TestSystem::of("locked_tables").setting("DATABASE_MAX_CONNECTIONS", "4");
    let system = system.setting("RETRY_DELAY_PERCENT", "10").start().await;
    let mut holder = platform::postgres::begin(system.pool()).await.expect("a transaction");
    let lock = "LOCK inventory.reservations, payments.payments, shipping.bookings IN ACCESS EXCLUSIVE MODE";
    sqlx::query(lock).execute(&mut *holder).await.expect("locked");
    let order_id = OrderId::from_uuid(Uuid::now_v7());
    command(&system, Queue::Inventory, order_id, &InventoryCommand::Release(ReleaseStock { order_id })).await;
    command(&system, Queue::Payments, order_id, &PaymentCommand::Void(VoidPayment { order_id })).await;
    command(&system, Queue::Shipping, order_id, &ShipmentCommand::Cancel(CancelShipments { order_id })).await;
    until_connections_wait_for_locks(&system, 2).await;

    let heartbeats = "SELECT last_seen_at FROM operations.processes WHERE role = 'worker'";
    let before: Timestamp = sqlx::query_scalar(heartbeats).fetch_one(system.pool()).await.expect("a heartbeat");
    eventually("two more heartbeats, one every five seconds", LIMIT, || async {
        let now: Timestamp = sqlx::query_scalar(heartbeats).fetch_one(system.pool()).await.expect("a heartbeat");
        if (now - before).num_seconds() > 8 { Ok(()) } else { Err(format!("{} so far", now - before)) }
    })
    .await;

    holder.rollback().await.expect("released");
    system.finish().await;
}

async fn until_connections_wait_for_locks(system: &TestSystem, at_least: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'orderflow worker' AND wait_event_type = 'Lock'";
    eventually("batches to wait for locks", LIMIT, || async {
        let waiting = system.count(waiting).await;
        if waiting >= at_least { Ok(()) } else { Err(format!("{waiting} do")) }
    })
    .await;
}

/// Holds the stock of SKU-HELD, one order's saga, and what a payment and a booking are about to be stored as.
async fn lock_rows(
    system: &TestSystem,
    of_saga: Uuid,
    of_payment: Uuid,
    of_booking: Uuid,
) -> Transaction<'static, Postgres> {
    let mut holder = platform::postgres::begin(system.pool()).await.expect("a transaction");
    let stock = "SELECT sku FROM inventory.stock WHERE sku = 'SKU-HELD' FOR UPDATE";
    sqlx::query(stock).execute(&mut *holder).await.expect("locked");
    let rows = [
        ("SELECT order_id FROM orders.sagas WHERE order_id = $1 FOR UPDATE", of_saga),
        (
            "INSERT INTO payments.payments (order_id, id, status, amount_minor, created_at, updated_at)
             VALUES ($1, gen_random_uuid(), 'voided', 0, now(), now())",
            of_payment,
        ),
        (
            "INSERT INTO shipping.bookings (order_id, status, correlation_id, created_at, updated_at)
             VALUES ($1, 'cancelled', 'test', now(), now())",
            of_booking,
        ),
    ];
    for (statement, order) in rows {
        let done = sqlx::query(statement).bind(order).execute(&mut *holder).await.expect("locked");
        assert_eq!(done.rows_affected(), 1);
    }
    holder
}

async fn until_retried_in_every_queue(system: &TestSystem) {
    eventually("a message of every queue to be retried", LIMIT, || async {
        let scrape = system.scrape(Role::Worker).await;
        let retried = |queue: &Queue| {
            let labels = [("queue", queue.into()), ("outcome", "retried")];
            scrape.sum("orderflow_messages_total", &labels).unwrap_or_default()
        };
        let none: Vec<_> = Queue::iter().filter(|queue| retried(queue) < 1.0).collect();
        if none.is_empty() { Ok(()) } else { Err(format!("none in {none:?}")) }
    })
    .await;
}
