//! Late shipments: each delay level is marked and published once.

use crate::harness::{Harness, at, book, delivery, new_order, shipment};
use domain::ids::OrderId;
use domain::messages::Reply;
use domain::shipment::Milestone;
use messaging::WriteContext;
use shipping::{DelayArgs, ShipmentView};
use sqlx::PgPool;

const RUNS_MAX: usize = 100;
/// Seconds after the promised time at which the two levels of these tests are reached.
const LEVELS: [u32; 2] = [0, 1_000];

async fn check_delays(harness: &Harness, second: i64, limit: u32) -> usize {
    let levels = DelayArgs { shipment_delay_levels_seconds: LEVELS.into() }.levels();
    shipping::mark_delayed_shipments(&WriteContext::of(harness.pool.clone()), &levels, at(second), limit).await.unwrap()
}

async fn booked_orders(harness: &Harness, count: usize) -> Vec<OrderId> {
    let orders: Vec<_> = (0..count).map(|_| new_order()).collect();
    harness.handle_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;
    harness.drain_outbox().await;
    orders
}

async fn only_shipment(harness: &Harness, order: OrderId) -> ShipmentView {
    shipping::shipments_of_order(&harness.pool, order).await.unwrap().remove(0)
}

/// The promised time of the shipment, in seconds of the test.
async fn promised_second(harness: &Harness, order: OrderId) -> i64 {
    (only_shipment(harness, order).await.promised_by.unwrap() - at(0)).num_seconds()
}

/// The levels in the messages since the last call.
async fn published_levels(harness: &Harness) -> Vec<u16> {
    let level = |reply: &Reply| match reply {
        Reply::ShipmentDelayed(delayed) => Some(delayed.level),
        _ => None,
    };
    harness.drain_outbox().await.iter().filter_map(level).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_marked_once_when_it_reaches_each_level(pool: PgPool) {
    let harness = Harness::new(pool);
    let order = booked_orders(&harness, 1).await[0];
    let promise = promised_second(&harness, order).await;

    let mut history = Vec::new();
    for after in [-1, 0, 1, 999, 1_000, 1_001, 1_000_000] {
        check_delays(&harness, promise + after, 10).await;
        history.push((after, published_levels(&harness).await, only_shipment(&harness, order).await.delay_level));
    }

    assert_eq!(
        history,
        [
            (-1, vec![], 0),
            (0, vec![1], 1),
            (1, vec![], 1),
            (999, vec![], 1),
            (1_000, vec![2], 2),
            (1_001, vec![], 2),
            (1_000_000, vec![], 2),
        ]
    );
    assert_eq!(only_shipment(&harness, order).await.delayed_at, Some(at(promise)));
    assert_eq!(harness.count("shipping.delays").await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_that_was_not_checked_for_long_gets_every_level_in_order(pool: PgPool) {
    let harness = Harness::new(pool);
    let order = booked_orders(&harness, 1).await[0];
    let late = promised_second(&harness, order).await + 1_000_000;

    let checked = [
        check_delays(&harness, late, 10).await,
        check_delays(&harness, late, 10).await,
        check_delays(&harness, late, 10).await,
    ];

    assert_eq!(checked, [1, 1, 0]);
    assert_eq!(published_levels(&harness).await, [1, 2]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn delivered_and_cancelled_shipments_are_not_late(pool: PgPool) {
    let harness = Harness::new(pool);
    let orders = booked_orders(&harness, 2).await;
    let late = promised_second(&harness, orders[0]).await;
    harness.report(shipment(orders[0], 1), Milestone::Delivered, 5).await.unwrap();
    harness.handle(crate::harness::cancel(orders[1])).await;

    assert_eq!(check_delays(&harness, late, 10).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_late_shipment_still_advances(pool: PgPool) {
    let harness = Harness::new(pool);
    let order = booked_orders(&harness, 1).await[0];
    check_delays(&harness, promised_second(&harness, order).await, 10).await;

    harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    let view = only_shipment(&harness, order).await;
    assert_eq!((view.delay_level, view.status), (1, Milestone::HandedOver.into()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_concurrent_leaders_mark_each_level_once(pool: PgPool) {
    let harness = Harness::new(pool);
    let orders = booked_orders(&harness, 200).await;
    let late = promised_second(&harness, orders[0]).await + 1_000;

    let mut checked = 0;
    for _ in 0..RUNS_MAX {
        let (one, two) = tokio::join!(check_delays(&harness, late, 16), check_delays(&harness, late, 16));
        checked += one + two;
        if one + two == 0 {
            break;
        }
    }

    assert_eq!(checked, 400);
    let published = published_levels(&harness).await;
    assert_eq!([1, 2].map(|level| published.iter().filter(|published| **published == level).count()), [200, 200]);
    assert_eq!(harness.count("shipping.delays").await, 400);
}
