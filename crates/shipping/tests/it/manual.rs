//! Carrier `manual`: a shipment waits for its tracking number, then for the reports of its vendor.

use crate::harness::{Harness, at, book, cancel, new_order, shipment};
use domain::ids::{OrderId, ShipmentId};
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Milestone, ShipmentRefusal, ShipmentStatus, Transport};
use platform::audit::NoAudit;
use shipping::{
    CarrierEvent, CarrierEventError, EnterTrackingError, Recorded, ShipmentView, TrackingEntry, enter_tracking,
    find_shipment, record_carrier_event,
};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_handed_over_after_its_tracking_number_was_entered(pool: PgPool) {
    let (harness, order) = (Harness::with_manual_carrier(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.drain_outbox().await;
    let id = shipment(order, 1);

    let early = report(&harness, id, Milestone::HandedOver).await;
    enter(&harness, id, "JJD1").await.unwrap();
    let view = found(&harness, id).await;
    let recorded = report(&harness, id, Milestone::HandedOver).await.unwrap();

    assert!(matches!(early, Err(CarrierEventError::Refused(ShipmentRefusal::NoTrackingNumber))), "{early:?}");
    assert_eq!((view.carrier_name.as_deref(), number(&view)), (Some("DHL"), "JJD1".to_owned()));
    assert_eq!((view.carrier.as_deref(), view.status), (Some("manual"), ShipmentStatus::Booked));
    assert_eq!(recorded, Recorded::Advanced);
    assert_eq!(harness.drain_outbox().await, [progressed(order, id)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_found_by_its_id_before_and_after_its_tracking_number_was_entered(pool: PgPool) {
    let (harness, order) = (Harness::with_manual_carrier(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    let id = shipment(order, 2);

    let before = found(&harness, id).await;
    enter(&harness, id, "JJD1").await.unwrap();
    let after = found(&harness, id).await;
    let by_number = find_shipment(&harness.pool, &"jjd1".parse().unwrap()).await.unwrap().unwrap();

    assert_eq!(number(&before).to_lowercase(), id.to_string());
    assert_eq!((before.shipment_id, &after), (id, &by_number));
    assert_eq!(find_shipment(&harness.pool, &shipment(new_order(), 2).into()).await.unwrap(), None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_tracking_number_is_corrected_until_the_hand_over_and_belongs_to_one_shipment(pool: PgPool) {
    let (harness, order) = (Harness::with_manual_carrier(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    let [first, second] = [1, 2].map(|number| shipment(order, number));
    enter(&harness, first, "WRONG").await.unwrap();

    enter(&harness, first, "JJD1").await.unwrap();
    let repeated = enter(&harness, first, "JJD1").await;
    let taken = enter(&harness, second, "JJD1").await;
    report(&harness, first, Milestone::InTransit).await.unwrap();
    let late = enter(&harness, first, "JJD2").await;

    assert!(repeated.is_ok(), "{repeated:?}");
    assert!(matches!(taken, Err(EnterTrackingError::NumberTaken(_))), "{taken:?}");
    assert_eq!(refusal(&late), Some(ShipmentRefusal::HandedOver));
    assert_eq!(number(&found(&harness, first).await), "JJD1");
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_tracking_number_is_entered_for_unknown_or_cancelled_shipments_or_for_other_carriers(pool: PgPool) {
    let (manual, tracking) = (Harness::with_manual_carrier(pool.clone()), Harness::new(pool));
    let (cancelled, other, unknown) = (new_order(), new_order(), new_order());
    manual.handle(book(cancelled, &[1])).await;
    manual.handle(cancel(cancelled)).await;
    tracking.handle(book(other, &[1])).await;

    let outcomes = [
        refusal(&enter(&manual, shipment(cancelled, 1), "A").await),
        refusal(&enter(&manual, shipment(other, 1), "A").await),
    ];
    let missing = enter(&manual, shipment(unknown, 1), "A").await;

    assert_eq!(outcomes, [Some(ShipmentRefusal::Cancelled), Some(ShipmentRefusal::TrackedByCarrier)]);
    assert!(matches!(missing, Err(EnterTrackingError::Shipment(CarrierEventError::UnknownShipment))), "{missing:?}");
}

async fn enter(harness: &Harness, id: ShipmentId, number: &str) -> Result<(), EnterTrackingError> {
    let (carrier_name, tracking_number) = ("DHL".parse().unwrap(), number.parse().unwrap());
    let entry = TrackingEntry { shipment: id.into(), carrier_name, tracking_number };
    enter_tracking(&harness.context(), entry, at(1), &NoAudit).await
}

async fn report(harness: &Harness, id: ShipmentId, status: Milestone) -> Result<Recorded, CarrierEventError> {
    let source = "vendor:1".to_owned();
    let event = CarrierEvent { shipment: id.into(), status: status.into(), occurred_at: at(5), source, note: None };
    record_carrier_event(&harness.context(), event, at(5), &NoAudit).await
}

async fn found(harness: &Harness, id: ShipmentId) -> ShipmentView {
    find_shipment(&harness.pool, &id.into()).await.unwrap().expect("a shipment")
}

fn number(view: &ShipmentView) -> String {
    view.tracking_number.as_ref().expect("a number").to_string()
}

fn refusal(outcome: &Result<(), EnterTrackingError>) -> Option<ShipmentRefusal> {
    match outcome {
        Err(EnterTrackingError::Shipment(CarrierEventError::Refused(refusal))) => Some(*refusal),
        _ => None,
    }
}

fn progressed(order_id: OrderId, shipment_id: ShipmentId) -> Reply {
    let transport = Some(Transport { carrier: "DHL".to_owned(), tracking_number: "JJD1".to_owned() });
    let (status, occurred_at) = (ShipmentStatus::HandedOver, at(5));
    Reply::ShipmentProgressed(ShipmentProgressed {
        order_id,
        shipment_id,
        status,
        occurred_at,
        transport,
        is_cancelled: false,
    })
}
