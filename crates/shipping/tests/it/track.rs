//! The track command.

use crate::harness::{Harness, at, book, new_order, replies, shipment, track};
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Milestone, ShipmentStatus};
use messaging::Verdict;
use sqlx::PgPool;
use std::collections::HashSet;

#[sqlx::test(migrations = "../../migrations")]
async fn track_replies_with_the_milestone_of_each_handed_over_shipment(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2, 3])).await;
    harness.report(shipment(order, 1), Milestone::InTransit, 5).await.unwrap();
    harness.report(shipment(order, 2), Milestone::HandedOver, 6).await.unwrap();

    let handled = harness.handle(track(order)).await;

    let progressed = |number, status, second| {
        let (order_id, shipment_id, occurred_at) = (order, shipment(order, number), at(second));
        Reply::ShipmentProgressed(ShipmentProgressed {
            order_id,
            shipment_id,
            status,
            occurred_at,
            transport: None,
            is_cancelled: false,
        })
    };
    let replies = replies(&handled);
    assert_eq!(handled.verdicts, [Verdict::Done]);
    assert_eq!(replies.len(), 2);
    assert!(replies.contains(&progressed(1, ShipmentStatus::InTransit, 5)));
    assert!(replies.contains(&progressed(2, ShipmentStatus::HandedOver, 6)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_replies_to_a_track_have_distinct_ids_that_a_redelivery_repeats(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    harness.report(shipment(order, 1), Milestone::Delivered, 5).await.unwrap();
    harness.report(shipment(order, 2), Milestone::Delivered, 5).await.unwrap();

    let first = harness.handle(track(order)).await;
    let again = harness.handle(track(order)).await;

    let ids: Vec<_> = first.outgoing.iter().map(|outgoing| outgoing.message_id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2);
    assert_eq!(again.outgoing.iter().map(|outgoing| outgoing.message_id).collect::<Vec<_>>(), ids);
}
