//! Locks that are held for long: only the order of a locked row waits, and work that is blocked leaves essential work
//! its connections.

use domain::Timestamp;
use domain::ids::OrderId;
use domain::messages::{
    CancelShipments, InventoryCommand, PaymentCommand, Queue, ReleaseStock, ShipmentCommand, VoidPayment,
};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Postgres, Transaction};
use std::collections::BTreeMap;
use std::time::Duration;
use strum::IntoEnumIterator;
use system_tests::load::{orders_of, place_all};
use system_tests::{NewOrder, Role, SeedProduct, TestSystem, eventually};
use tokio::time::timeout;
use uuid::Uuid;

const OTHERS: usize = 100;
/// Far above the messages of one order in one queue, and far below those of a batch.
const RETRIED_MAX: i64 = 10;
const LIMIT: Duration = Duration::from_mins(1);
/// Shorter than the time after which blocked statements are cancelled, 15 s, and longer than two heartbeats.
const BLOCKED_LIMIT: Duration = Duration::from_secs(12);

#[tokio::test]
async fn an_order_with_a_locked_row_waits_alone_in_each_queue() {
    // All orders are of one customer: on a busy machine, calls above the customer's share would be deferred.
    let slow_retries = TestSystem::of("locked_rows").setting("PAYMENT_CUSTOMER_CALLS_MAX", "128");
    let slow_retries = slow_retries.setting("RETRY_DELAY_PERCENT", "10");
    let slow_retries =
        slow_retries.product(SeedProduct::of("SKU-HELD", 10)).product(SeedProduct::of("SKU-FREE", 1_000));
    let mut system = slow_retries.start().await;
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
    for (queue, messages) in messages_retried(&system).await {
        assert!(messages < RETRIED_MAX, "{queue}: messages of other orders were retried too, {messages} in all");
    }
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
async fn a_worker_whose_batches_hold_every_common_connection_keeps_its_heartbeat() {
    // The batches of all queues have two connections, and three batches block until the test releases the lock.
    let system = TestSystem::of("common_connections_in_use").setting("DATABASE_MAX_CONNECTIONS", "4").start().await;
    sqlx::raw_sql(BLOCK_WRITES).execute(system.pool()).await.expect("triggers");
    let mut holder = platform::postgres::begin(system.pool()).await.expect("a transaction");
    sqlx::query("SELECT pg_advisory_xact_lock(1)").execute(&mut *holder).await.expect("locked");
    let order_id = OrderId::from_uuid(Uuid::now_v7());
    let release = InventoryCommand::Release(ReleaseStock { order_id });
    system.broker.publish_command(Queue::Inventory, order_id, &release).await;
    let void = PaymentCommand::Void(VoidPayment { order_id });
    system.broker.publish_command(Queue::Payments, order_id, &void).await;
    let cancel = ShipmentCommand::Cancel(CancelShipments { order_id });
    system.broker.publish_command(Queue::Shipping, order_id, &cancel).await;

    let blocked = until_blocked(&system, Role::Worker, 2).await;
    until_heartbeat(&system, Role::Worker).await;
    assert_eq!(
        blocked_transactions(&system, Role::Worker).await,
        blocked,
        "the heartbeat came while both connections were in use"
    );

    holder.rollback().await.expect("released");
    system.finish().await;
}

#[tokio::test]
async fn updates_that_hold_every_common_connection_of_the_api_block_nothing_that_an_order_needs() {
    // Four of the api's connections are common ones. No other process publishes the outbox.
    const UPDATED: [&str; 4] = ["SKU-UPDATED-1", "SKU-UPDATED-2", "SKU-UPDATED-3", "SKU-UPDATED-4"];
    let described = TestSystem::of("api_connections_in_use").setting("DATABASE_MAX_CONNECTIONS", "8").schedulers(0);
    let described = UPDATED.into_iter().fold(described, |it, sku| it.product(SeedProduct::of(sku, 10)));
    let mut system = described.start().await;
    assert!(system.one(Role::Worker).stop().await);
    sqlx::raw_sql(BLOCK_WRITES).execute(system.pool()).await.expect("triggers");
    // Neither the status of the customer's account nor the price is cached yet.
    let (admin, client) = (system.admin().await, system.client().signed_up("unhindered").await);
    let mut holder = platform::postgres::begin(system.pool()).await.expect("a transaction");
    sqlx::query("SELECT pg_advisory_xact_lock(1)").execute(&mut *holder).await.expect("locked");

    let change = json!({ "description": "the same" });
    let update = |sku| {
        let (admin, change) = (&admin, &change);
        async move { admin.patch(&format!("/products/{sku}"), change).await }
    };
    let ordering = async {
        let blocked = until_blocked(&system, Role::Api, UPDATED.len()).await;
        let placing = async {
            let order = client.place_accepted(&NewOrder::of(UPDATED[0], 1)).await;
            system.until_outbox_is_empty().await;
            order
        };
        let (order, heartbeat) =
            (timeout(BLOCKED_LIMIT, placing), timeout(BLOCKED_LIMIT, until_heartbeat(&system, Role::Api)));
        let (order, heartbeat, health, ready) = tokio::join!(order, heartbeat, client.health_report(), client.ready());
        let order = order.expect("an order is accepted, and its messages are published");
        heartbeat.expect("the api keeps its heartbeat");
        assert_eq!(health.expect("a report")["dependencies"]["postgres"]["status"], "ok");
        assert_eq!(ready, Some(StatusCode::OK));
        assert_eq!(blocked_transactions(&system, Role::Api).await, blocked, "all of this while the updates waited");
        holder.rollback().await.expect("released");
        order
    };
    let (updates, order) = tokio::join!(join_all(UPDATED.map(update)), ordering);

    assert!(updates.iter().all(|(status, _body)| *status == StatusCode::OK), "{updates:?}");
    system.one(Role::Worker).start();
    system.one(Role::Worker).until_ready().await;
    client.wait_until(order, "confirmed", LIMIT).await;
    system.finish().await;
}

/// Makes updates of products and the first write of each queue's batch wait for a lock, without the lock timeout of the
/// session.
const BLOCK_WRITES: &str = "
    CREATE FUNCTION block_write() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
    CREATE TRIGGER block_write BEFORE UPDATE ON catalogue.products EXECUTE FUNCTION block_write();
    CREATE TRIGGER block_write BEFORE INSERT OR UPDATE ON inventory.reservations EXECUTE FUNCTION block_write();
    CREATE TRIGGER block_write BEFORE INSERT OR UPDATE ON payments.payments EXECUTE FUNCTION block_write();
    CREATE TRIGGER block_write BEFORE INSERT OR UPDATE ON shipping.bookings EXECUTE FUNCTION block_write();";

/// The transactions of `role` that wait for a lock: their backend's pid and when they began.
async fn blocked_transactions(system: &TestSystem, role: Role) -> Vec<(i32, Timestamp)> {
    let blocked = "SELECT pid, xact_start FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'orderflow ' || $1
                      AND wait_event_type = 'Lock' ORDER BY pid";
    sqlx::query_as(blocked).bind(role.binary()).fetch_all(system.pool()).await.expect("the activity")
}

async fn until_blocked(system: &TestSystem, role: Role, transactions: usize) -> Vec<(i32, Timestamp)> {
    eventually("transactions to wait for the lock", LIMIT, || async {
        let blocked = blocked_transactions(system, role).await;
        if blocked.len() == transactions { Ok(blocked) } else { Err(format!("{blocked:?}")) }
    })
    .await
}

/// Waits for a heartbeat of `role` that is later than now, by the database's clock.
async fn until_heartbeat(system: &TestSystem, role: Role) {
    let now: Timestamp = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(system.pool()).await.expect("a time");
    let last = "SELECT max(last_seen_at) FROM operations.processes WHERE role = $1";
    eventually("a heartbeat", LIMIT, || async {
        let last: Timestamp =
            sqlx::query_scalar(last).bind(role.binary()).fetch_one(system.pool()).await.expect("a heartbeat");
        if last > now { Ok(()) } else { Err(format!("the last one came at {last}, before {now}")) }
    })
    .await;
}

/// Locks the stock of SKU-HELD and one order's saga. Inserts the payment and the booking of two other orders without
/// committing, so that the worker's inserts of the same rows block.
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

/// How many messages of each queue were sent to a retry queue, each counted once.
async fn messages_retried(system: &TestSystem) -> BTreeMap<String, i64> {
    let retried = "SELECT consumer, count(*) FROM messaging.receipts GROUP BY consumer";
    let retried: Vec<_> = sqlx::query_as(retried).fetch_all(system.pool()).await.expect("receipts");
    retried.into_iter().collect()
}
