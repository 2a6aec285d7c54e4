//! The scheduled tasks: queries about stale reservations, and records of low stock.

use crate::harness::{Harness, order, release, reserve, reserve_waiting, ship, sku};
use chrono::TimeDelta;
use domain::ids::OrderId;
use domain::messages::Reply;
use messaging::WriteContext;
use platform::audit::NoAudit;
use platform::clock::now;
use sqlx::PgPool;
use std::time::Duration;

const TTL: Duration = Duration::from_hours(1);

/// The orders that are queried `minutes` from now.
async fn queried(harness: &Harness, minutes: i64, limit: u32) -> Vec<OrderId> {
    let at = now() + TimeDelta::minutes(minutes);
    inventory::query_stale_reservations(&WriteContext::of(harness.pool.clone()), TTL, at, limit)
        .await
        .expect("checked");
    let payloads: Vec<String> = sqlx::query_scalar("DELETE FROM messaging.outbox RETURNING payload")
        .fetch_all(&harness.pool)
        .await
        .expect("read");
    let mut orders: Vec<_> = payloads.iter().map(|payload| order_of(payload)).collect();
    orders.sort();
    orders
}

fn order_of(payload: &str) -> OrderId {
    match serde_json::from_str(payload).expect("a reply") {
        Reply::ReservationStale(query) => query.order_id,
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_with_a_stale_reservation_is_queried_once_per_ttl(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    let order_id = order();
    harness.handle_all(&[reserve(order_id, &[("A", 2)])]).await;

    let mut history = Vec::new();
    for minutes in [59, 61, 62, 120, 122] {
        history.push((minutes, queried(&harness, minutes, 10).await.len()));
    }

    assert_eq!(history, [(59, 0), (61, 1), (62, 0), (120, 0), (122, 1)]);
    assert_eq!(harness.counters("A").await, [(10, 2), (0, 0)], "a query releases nothing");
}

#[sqlx::test(migrations = "../../migrations")]
async fn released_and_shipped_reservations_are_not_queried(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    let (released, shipped, reserved) = (order(), order(), order());
    harness.handle_all(&[released, shipped, reserved].map(|order| reserve(order, &[("A", 1)]))).await;
    harness.handle_all(&[release(released), ship(shipped, harness.east)]).await;

    assert_eq!(queried(&harness, 61, 10).await, [reserved]);
}

/// Nobody else would release the reservation of an order whose compensation was abandoned.
#[sqlx::test(migrations = "../../migrations")]
async fn orders_that_wait_are_queried_with_and_without_reserved_units(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 0)]).await;
    let mut orders = [order(), order(), order()];
    orders.sort();
    let [released, partly, nothing] = orders;
    harness.handle_all(&[reserve_waiting(released, &[("A", 2)])]).await;
    harness.handle_all(&[release(released), reserve_waiting(partly, &[("A", 2)])]).await;
    harness.handle_all(&[reserve_waiting(nothing, &[("A", 2)])]).await;

    assert_eq!(queried(&harness, 61, 10).await, [partly, nothing]);
    assert_eq!(queried(&harness, 62, 10).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_checks_at_most_its_limit_and_concurrent_runs_check_each_reservation_once(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 100, 0)]).await;
    let orders: Vec<_> = (0..20).map(|_| order()).collect();
    harness.handle_all(&orders.iter().map(|order| reserve(*order, &[("A", 1)])).collect::<Vec<_>>()).await;

    let at = now() + TimeDelta::minutes(61);
    let mut total = 0;
    for _ in 0..10 {
        let run = || async {
            inventory::query_stale_reservations(&WriteContext::of(harness.pool.clone()), TTL, at, 4)
                .await
                .expect("checked")
        };
        let (one, two) = futures::join!(run(), run());
        assert!(one <= 4 && two <= 4);
        total += one + two;
    }

    assert_eq!(total, 20);
}

#[sqlx::test(migrations = "../../migrations")]
async fn low_stock_is_recorded_once_until_it_recovers(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0), ("B", 1, 0)]).await;
    inventory::set_low_stock_threshold(&harness.pool, &sku("A"), harness.east, Some(5), now(), &NoAudit)
        .await
        .expect("set");
    let check = || async { inventory::check_low_stock(&harness.pool, now(), 10).await.expect("checked") };

    let mut history = vec![check().await];
    let order_id = order();
    harness.handle_all(&[reserve(order_id, &[("A", 5)])]).await;
    history.extend([check().await, check().await]);
    harness.handle_all(&[release(order_id)]).await;
    history.extend([check().await, check().await]);

    assert_eq!(history, [0, 1, 0, 1, 0]);
}
