//! Events that carriers report.

use crate::fake_carrier::tracking_number;
use crate::harness::{Harness, at, book, cancel, move_due, new_order, shipment};
use domain::ids::OrderId;
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{CarrierReport, DeliveryException, Milestone, ShipmentStatus};
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
        is_cancelled: false,
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
    assert_eq!(history, [CarrierReport::HandedOver, CarrierReport::InTransit, CarrierReport::Delivered]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_report_about_a_cancelled_shipment_is_kept_and_reaches_its_order(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.handle(cancel(order)).await;
    harness.drain_outbox().await;

    let moved = harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();
    let lost = harness.report(shipment(order, 1), CarrierReport::Lost, 6).await.unwrap();

    assert_eq!([moved, lost], [Recorded::Kept; 2]);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Cancelled]);
    assert_eq!(harness.count("shipping.shipment_events").await, 2);
    let sent = harness.drain_outbox().await;
    assert!(sent.iter().any(|reply| matches!(reply, Reply::ShipmentProgressed(report) if report.is_cancelled)));
    assert!(sent.iter().any(|reply| matches!(reply, Reply::ShipmentException(report) if report.is_cancelled)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_exception_is_shown_until_the_shipment_arrives_and_reaches_its_order(pool: PgPool) {
    let (harness, order) = (Harness::with_moves(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.drain_outbox().await;

    let failed = harness.report(shipment(order, 1), CarrierReport::FailedAttempt, 5).await.unwrap();
    let sent = harness.drain_outbox().await;
    let moved = move_due(&harness.pool, 600, 10).await;
    let shown = exception(&harness, order).await;
    harness.report(shipment(order, 1), Milestone::Delivered, 700).await.unwrap();

    assert_eq!((failed, shown), (Recorded::Kept, Some(DeliveryException::FailedAttempt)));
    assert_eq!(moved, 0, "the simulated carrier waits for a person");
    assert!(matches!(&sent[..], [Reply::ShipmentProgressed(_), Reply::ShipmentException(_)]), "{sent:?}");
    assert_eq!(exception(&harness, order).await, None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_failed_attempt_does_not_replace_a_loss(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;

    for (second, report) in [(5, CarrierReport::Lost), (6, CarrierReport::FailedAttempt)] {
        harness.report(shipment(order, 1), report, second).await.unwrap();
    }

    assert_eq!(exception(&harness, order).await, Some(DeliveryException::Lost));
}

#[sqlx::test(migrations = "../../migrations")]
async fn damage_is_shown_after_the_delivery_and_a_loss_is_not(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;

    harness.report(shipment(order, 1), CarrierReport::Damaged, 5).await.unwrap();
    harness.report(shipment(order, 1), Milestone::Delivered, 6).await.unwrap();
    harness.report(shipment(order, 1), CarrierReport::Lost, 7).await.unwrap();

    assert_eq!(exception(&harness, order).await, Some(DeliveryException::Damaged));
    shipping::dismiss_exception(&harness.context(), order, shipment(order, 1), at(8)).await.unwrap();
    harness.report(shipment(order, 1), CarrierReport::Lost, 9).await.unwrap();
    assert_eq!(exception(&harness, order).await, None);
}

async fn exception(harness: &Harness, order: OrderId) -> Option<DeliveryException> {
    shipping::shipments_of_order(&harness.pool, order).await.unwrap()[0].exception
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
