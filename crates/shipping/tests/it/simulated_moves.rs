use crate::harness::{Desk, args, at, book, delivery, new_order, shipment};
use domain::ids::OrderId;
use domain::messages::Reply;
use domain::shipment::{Milestone, ShipmentStatus};
use messaging::Relay;
use sqlx::PgPool;

const STEPS_MAX: usize = 100;

async fn move_due(desk: &Desk, second: i64, limit: u32) -> usize {
    shipping::move_simulated_shipments(&desk.pool, &Relay::default(), &args().pace(), at(second), limit).await.unwrap()
}

async fn booked_orders(desk: &Desk, count: usize) -> Vec<OrderId> {
    let orders: Vec<_> = (0..count).map(|_| new_order()).collect();
    desk.take_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;
    desk.said().await;
    orders
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_moved_at_its_pace_until_it_is_delivered(pool: PgPool) {
    let desk = Desk::new(pool);
    let order = booked_orders(&desk, 1).await[0];

    let mut history = Vec::new();
    for second in [19, 20, 39, 40, 69, 70, 1_000] {
        let moved = move_due(&desk, second, 10).await;
        history.push((second, moved, desk.statuses(order).await[0]));
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
    let told = desk.said().await;
    assert_eq!(told.iter().filter(|reply| matches!(reply, Reply::ShipmentProgressed(_))).count(), 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reported_step_is_not_taken_again(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders = booked_orders(&desk, 2).await;
    desk.report(shipment(orders[0], 1), Milestone::Delivered, 5).await.unwrap();
    desk.report(shipment(orders[1], 1), Milestone::HandedOver, 5).await.unwrap();

    let moved = move_due(&desk, 20, 10).await;

    assert_eq!(moved, 1);
    assert_eq!(desk.statuses(orders[1]).await, [ShipmentStatus::InTransit]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_more_than_the_limit_is_moved_at_a_time(pool: PgPool) {
    let desk = Desk::new(pool);
    booked_orders(&desk, 5).await;

    let moved = [move_due(&desk, 20, 2).await, move_due(&desk, 20, 2).await, move_due(&desk, 20, 2).await];

    assert_eq!(moved, [2, 2, 1]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn movers_in_two_processes_move_each_shipment_once(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders = booked_orders(&desk, 200).await;

    let mut moved = 0;
    for _ in 0..STEPS_MAX {
        let (one, two) = tokio::join!(move_due(&desk, 20, 16), move_due(&desk, 20, 16));
        moved += one + two;
        if one + two == 0 {
            break;
        }
    }

    assert_eq!(moved, 200);
    assert_eq!(desk.said().await.len(), 200);
    assert_eq!(desk.count("shipping.shipment_events").await, 200);
    for order in orders {
        assert_eq!(desk.statuses(order).await, [ShipmentStatus::HandedOver]);
    }
}
