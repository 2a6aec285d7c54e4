use crate::harness::{Desk, at, book, new_order, replies, shipment, track};
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Milestone, ShipmentStatus};
use messaging::Verdict;
use sqlx::PgPool;
use std::collections::HashSet;

#[sqlx::test(migrations = "../../migrations")]
async fn track_tells_how_far_each_shipment_is_that_has_left(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1, 2, 3])).await;
    desk.report(shipment(order, 1), Milestone::InTransit, 5).await.unwrap();
    desk.report(shipment(order, 2), Milestone::HandedOver, 6).await.unwrap();

    let handled = desk.take(track(order)).await;

    let progressed = |number, status, second| {
        let shipment_id = shipment(order, number);
        Reply::ShipmentProgressed(ShipmentProgressed { order_id: order, shipment_id, status, occurred_at: at(second) })
    };
    let replies = replies(&handled);
    assert_eq!(handled.verdicts, [Verdict::Done]);
    assert_eq!(replies.len(), 2);
    assert!(replies.contains(&progressed(1, ShipmentStatus::InTransit, 5)));
    assert!(replies.contains(&progressed(2, ShipmentStatus::HandedOver, 6)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_answers_of_a_track_have_ids_of_their_own_that_repeat_with_it(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1, 2])).await;
    desk.report(shipment(order, 1), Milestone::Delivered, 5).await.unwrap();
    desk.report(shipment(order, 2), Milestone::Delivered, 5).await.unwrap();

    let first = desk.take(track(order)).await;
    let again = desk.take(track(order)).await;

    let ids: Vec<_> = first.outgoing.iter().map(|outgoing| outgoing.message_id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2);
    assert_eq!(again.outgoing.iter().map(|outgoing| outgoing.message_id).collect::<Vec<_>>(), ids);
}
