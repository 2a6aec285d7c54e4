use crate::fake_carrier::tracking_number;
use crate::harness::{Desk, at, book, cancel, new_order, shipment};
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Milestone, ShipmentRefusal, ShipmentStatus};
use shipping::{CarrierEventError, Recorded};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_moves_the_shipment_and_tells_the_order(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    desk.said().await;

    let recorded = desk.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    let told = ShipmentProgressed {
        order_id: order,
        shipment_id: shipment(order, 1),
        status: ShipmentStatus::HandedOver,
        occurred_at: at(5),
    };
    assert_eq!(recorded, Recorded::Moved);
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::HandedOver]);
    assert_eq!(desk.said().await, [Reply::ShipmentProgressed(told)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_event_is_recorded_once(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    desk.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();
    desk.said().await;

    let again = desk.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    assert_eq!(again, Recorded::Duplicate);
    assert_eq!(desk.said().await, []);
    assert_eq!(desk.count("shipping.shipment_events").await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn late_events_are_kept_and_move_nothing(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    let delivered = desk.report(shipment(order, 1), Milestone::Delivered, 50).await.unwrap();
    desk.said().await;

    let in_transit = desk.report(shipment(order, 1), Milestone::InTransit, 30).await.unwrap();
    let handed_over = desk.report(shipment(order, 1), Milestone::HandedOver, 10).await.unwrap();

    assert_eq!((delivered, in_transit, handed_over), (Recorded::Moved, Recorded::Noted, Recorded::Noted));
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::Delivered]);
    assert_eq!(desk.said().await, []);
    let view = shipping::find_shipment(&desk.pool, &tracking_number(shipment(order, 1))).await.unwrap().unwrap();
    let history: Vec<_> = view.events.iter().map(|event| event.status).collect();
    assert_eq!(history, [Milestone::HandedOver, Milestone::InTransit, Milestone::Delivered]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_of_a_called_back_shipment_is_refused(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    desk.take(cancel(order)).await;

    let refused = desk.report(shipment(order, 1), Milestone::HandedOver, 5).await;

    assert!(matches!(refused, Err(CarrierEventError::Refused(ShipmentRefusal::Cancelled))), "{refused:?}");
    assert_eq!(desk.count("shipping.shipment_events").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_event_of_a_stranger_is_unknown(pool: PgPool) {
    let desk = Desk::new(pool);

    let unknown = desk.report(shipment(new_order(), 1), Milestone::HandedOver, 5).await;
    let view = shipping::find_shipment(&desk.pool, &tracking_number(shipment(new_order(), 1))).await.unwrap();

    assert!(matches!(unknown, Err(CarrierEventError::UnknownTrackingNumber)), "{unknown:?}");
    assert_eq!(view, None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_event_from_many_at_once_moves_the_shipment_once(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    desk.said().await;

    let reports = (0..8).map(|_| desk.report(shipment(order, 1), Milestone::Delivered, 5));
    let outcomes = futures::future::join_all(reports).await;

    let moved = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Recorded::Moved))).count();
    let duplicates = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Recorded::Duplicate))).count();
    assert_eq!((moved, duplicates), (1, 7));
    assert_eq!(desk.said().await.len(), 1);
}
