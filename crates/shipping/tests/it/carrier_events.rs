//! Events that carriers report.

use crate::fake_carrier::tracking_number;
use crate::harness::{Harness, at, book, cancel, new_order, shipment};
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Milestone, ShipmentRefusal, ShipmentStatus};
use shipping::{CarrierEventError, Recorded};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_advances_the_shipment_and_publishes_a_message_to_the_order(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.drain_outbox().await;

    let recorded = harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    let expected = ShipmentProgressed {
        order_id: order,
        shipment_id: shipment(order, 1),
        status: ShipmentStatus::HandedOver,
        occurred_at: at(5),
        transport: None,
    };
    assert_eq!(recorded, Recorded::Advanced);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::HandedOver]);
    assert_eq!(harness.drain_outbox().await, [Reply::ShipmentProgressed(expected)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_event_is_recorded_once(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();
    harness.drain_outbox().await;

    let again = harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    assert_eq!(again, Recorded::Duplicate);
    assert_eq!(harness.drain_outbox().await, []);
    assert_eq!(harness.count("shipping.shipment_events").await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn late_events_are_stored_and_change_nothing(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    let delivered = harness.report(shipment(order, 1), Milestone::Delivered, 50).await.unwrap();
    harness.drain_outbox().await;

    let in_transit = harness.report(shipment(order, 1), Milestone::InTransit, 30).await.unwrap();
    let handed_over = harness.report(shipment(order, 1), Milestone::HandedOver, 10).await.unwrap();

    assert_eq!((delivered, in_transit, handed_over), (Recorded::Advanced, Recorded::Ignored, Recorded::Ignored));
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Delivered]);
    assert_eq!(harness.drain_outbox().await, []);
    let view =
        shipping::find_shipment(&harness.pool, &tracking_number(shipment(order, 1)).into()).await.unwrap().unwrap();
    let history: Vec<_> = view.events.iter().map(|event| event.status).collect();
    assert_eq!(history, [Milestone::HandedOver, Milestone::InTransit, Milestone::Delivered]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_of_a_cancelled_shipment_is_refused(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.handle(cancel(order)).await;

    let refused = harness.report(shipment(order, 1), Milestone::HandedOver, 5).await;

    assert!(matches!(refused, Err(CarrierEventError::Refused(ShipmentRefusal::Cancelled))), "{refused:?}");
    assert_eq!(harness.count("shipping.shipment_events").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_with_an_unknown_tracking_number_is_refused(pool: PgPool) {
    let harness = Harness::new(pool);

    let unknown = harness.report(shipment(new_order(), 1), Milestone::HandedOver, 5).await;
    let view = shipping::find_shipment(&harness.pool, &tracking_number(shipment(new_order(), 1)).into()).await.unwrap();

    assert!(matches!(unknown, Err(CarrierEventError::UnknownShipment)), "{unknown:?}");
    assert_eq!(view, None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_duplicates_of_an_event_advance_the_shipment_once(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.drain_outbox().await;

    let reports = (0..8).map(|_| harness.report(shipment(order, 1), Milestone::Delivered, 5));
    let outcomes = futures::future::join_all(reports).await;

    let advanced = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Recorded::Advanced))).count();
    let duplicates = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Recorded::Duplicate))).count();
    assert_eq!((advanced, duplicates), (1, 7));
    assert_eq!(harness.drain_outbox().await.len(), 1);
}
