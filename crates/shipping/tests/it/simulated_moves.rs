//! The task that advances shipments of the simulated carrier.

use crate::harness::{Harness, book, delivery, move_due, new_order, shipment};
use domain::ids::OrderId;
use domain::messages::Reply;
use domain::shipment::{Milestone, ShipmentStatus};
use sqlx::PgPool;

const RUNS_MAX: usize = 100;

async fn booked_orders(harness: &Harness, count: usize) -> Vec<OrderId> {
    let orders: Vec<_> = (0..count).map(|_| new_order()).collect();
    harness.handle_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;
    harness.drain_outbox().await;
    orders
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_advances_with_its_transit_times_until_it_is_delivered(pool: PgPool) {
    let harness = Harness::with_moves(pool);
    let order = booked_orders(&harness, 1).await[0];

    let mut history = Vec::new();
    for second in [19, 20, 39, 40, 69, 70, 1_000] {
        let moved = move_due(&harness.pool, second, 10).await;
        history.push((second, moved, harness.statuses(order).await[0]));
    }

    assert_eq!(
        history,
        [
            (19, 0, ShipmentStatus::Booked),
            (20, 1, ShipmentStatus::HandedOver),
            (39, 0, ShipmentStatus::HandedOver),
            (40, 1, ShipmentStatus::InTransit),
            (69, 0, ShipmentStatus::InTransit),
            (70, 1, ShipmentStatus::Delivered),
            (1_000, 0, ShipmentStatus::Delivered),
        ]
    );
    let published = harness.drain_outbox().await;
    assert_eq!(published.iter().filter(|reply| matches!(reply, Reply::ShipmentProgressed(_))).count(), 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reported_milestone_is_not_repeated(pool: PgPool) {
    let harness = Harness::with_moves(pool);
    let orders = booked_orders(&harness, 2).await;
    harness.report(shipment(orders[0], 1), Milestone::Delivered, 5).await.unwrap();
    harness.report(shipment(orders[1], 1), Milestone::HandedOver, 5).await.unwrap();

    let moved = [move_due(&harness.pool, 24, 10).await, move_due(&harness.pool, 25, 10).await];

    assert_eq!(moved, [0, 1], "20 s after the milestone");
    assert_eq!(harness.statuses(orders[1]).await, [ShipmentStatus::InTransit]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_moves_at_most_its_limit(pool: PgPool) {
    let harness = Harness::with_moves(pool);
    booked_orders(&harness, 5).await;

    let moved = [
        move_due(&harness.pool, 20, 2).await,
        move_due(&harness.pool, 20, 2).await,
        move_due(&harness.pool, 20, 2).await,
    ];

    assert_eq!(moved, [2, 2, 1]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_runs_move_each_shipment_once(pool: PgPool) {
    let harness = Harness::with_moves(pool);
    let orders = booked_orders(&harness, 200).await;

    let mut moved = 0;
    for _ in 0..RUNS_MAX {
        let (one, two) = tokio::join!(move_due(&harness.pool, 20, 16), move_due(&harness.pool, 20, 16));
        moved += one + two;
        if one + two == 0 {
            break;
        }
    }

    assert_eq!(moved, 200);
    assert_eq!(harness.drain_outbox().await.len(), 200);
    assert_eq!(harness.count("shipping.shipment_events").await, 200);
    for order in orders {
        assert_eq!(harness.statuses(order).await, [ShipmentStatus::HandedOver]);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_shipments_of_other_carriers_are_not_moved(pool: PgPool) {
    let harness = Harness::new(pool);
    let order = booked_orders(&harness, 1).await[0];

    assert_eq!(move_due(&harness.pool, 1_000, 10).await, 0);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Booked]);
}
