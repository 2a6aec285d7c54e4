//! Late shipments: marked once a level, told once a level.

use crate::harness::{Desk, at, book, delivery, new_order, shipment};
use domain::ids::OrderId;
use domain::messages::Reply;
use domain::shipment::Milestone;
use messaging::Relay;
use shipping::{DelayArgs, ShipmentView};
use sqlx::PgPool;

const LOOKS_MAX: usize = 100;
/// Seconds after the promise at which the two levels of these tests are reached.
const LEVELS: [u32; 2] = [0, 1_000];

async fn look(desk: &Desk, second: i64, limit: u32) -> usize {
    let levels = DelayArgs { shipment_delay_levels_seconds: LEVELS.into() }.levels();
    shipping::mark_delayed_shipments(&desk.pool, &Relay::default(), &levels, at(second), limit).await.unwrap()
}

async fn booked_orders(desk: &Desk, count: usize) -> Vec<OrderId> {
    let orders: Vec<_> = (0..count).map(|_| new_order()).collect();
    desk.take_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;
    desk.said().await;
    orders
}

async fn only_shipment(desk: &Desk, order: OrderId) -> ShipmentView {
    shipping::list_shipments(&desk.pool, order).await.unwrap().remove(0)
}

/// Second of the test at which the shipment was promised.
async fn promise(desk: &Desk, order: OrderId) -> i64 {
    (only_shipment(desk, order).await.promised_by.unwrap() - at(0)).num_seconds()
}

/// The levels that the order was told since the last time.
async fn told(desk: &Desk) -> Vec<u16> {
    let level = |reply: &Reply| match reply {
        Reply::ShipmentDelayed(delayed) => Some(delayed.level),
        _ => None,
    };
    desk.said().await.iter().filter_map(level).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_marked_when_each_level_is_reached_and_then_no_more(pool: PgPool) {
    let desk = Desk::new(pool);
    let order = booked_orders(&desk, 1).await[0];
    let promise = promise(&desk, order).await;

    let mut history = Vec::new();
    for after in [-1, 0, 1, 999, 1_000, 1_001, 1_000_000] {
        look(&desk, promise + after, 10).await;
        history.push((after, told(&desk).await, only_shipment(&desk, order).await.delay_level));
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
    assert_eq!(only_shipment(&desk, order).await.delayed_at, Some(at(promise)));
    assert_eq!(desk.count("shipping.delays").await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_that_nobody_looked_at_for_long_gets_every_level_in_turn(pool: PgPool) {
    let desk = Desk::new(pool);
    let order = booked_orders(&desk, 1).await[0];
    let late = promise(&desk, order).await + 1_000_000;

    let looks = [look(&desk, late, 10).await, look(&desk, late, 10).await, look(&desk, late, 10).await];

    assert_eq!(looks, [1, 1, 0]);
    assert_eq!(told(&desk).await, [1, 2]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_delivered_or_called_back_is_not_late_any_more(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders = booked_orders(&desk, 2).await;
    let late = promise(&desk, orders[0]).await;
    desk.report(shipment(orders[0], 1), Milestone::Delivered, 5).await.unwrap();
    desk.take(crate::harness::cancel(orders[1])).await;

    assert_eq!(look(&desk, late, 10).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_that_is_late_goes_on_as_before(pool: PgPool) {
    let desk = Desk::new(pool);
    let order = booked_orders(&desk, 1).await[0];
    look(&desk, promise(&desk, order).await, 10).await;

    desk.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    let view = only_shipment(&desk, order).await;
    assert_eq!((view.delay_level, view.status), (1, Milestone::HandedOver.into()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_that_both_believe_to_lead_mark_each_level_once(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders = booked_orders(&desk, 200).await;
    let late = promise(&desk, orders[0]).await + 1_000;

    let mut looked = 0;
    for _ in 0..LOOKS_MAX {
        let (one, two) = tokio::join!(look(&desk, late, 16), look(&desk, late, 16));
        looked += one + two;
        if one + two == 0 {
            break;
        }
    }

    assert_eq!(looked, 400);
    let told = told(&desk).await;
    assert_eq!([1, 2].map(|level| told.iter().filter(|told| **told == level).count()), [200, 200]);
    assert_eq!(desk.count("shipping.delays").await, 400);
}
