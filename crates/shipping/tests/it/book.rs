//! The book command.

use crate::fake_carrier::tracking_number;
use crate::harness::{Harness, at, book, delivery, is_retry, new_order, replies, reply_of, shipment, warehouse};
use domain::messages::{BookedShipment, Reply, ShipmentsBooked, ShipmentsRefused};
use domain::shipment::ShipmentStatus;
use messaging::Verdict;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn the_reply_to_a_book_has_the_waybill_of_each_shipment(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());

    let Reply::ShipmentsBooked(booked) = reply_of(&harness.handle(book(order, &[1, 2])).await) else {
        panic!("not booked")
    };

    let mut expected =
        ShipmentsBooked { order_id: order, shipments: [1, 2].map(|number| waybill(order, number)).into() };
    expected.shipments.sort_by_key(|shipment| shipment.shipment_id);
    assert_eq!(booked, expected);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Booked; 2]);
    assert_eq!(harness.drain_outbox().await, [Reply::ShipmentsBooked(expected)]);
}

fn waybill(order: domain::ids::OrderId, number: u128) -> BookedShipment {
    BookedShipment {
        shipment_id: shipment(order, number),
        warehouse_id: warehouse(number),
        carrier: "fake".to_owned(),
        tracking_number: tracking_number(shipment(order, number)).to_string(),
        promised_by: at(259_200),
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_book_gets_the_same_reply_without_another_carrier_call(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    let first = reply_of(&harness.handle(book(order, &[1, 2])).await);

    let again = harness.handle_batch(&vec![delivery(book(order, &[1, 2]), 2)]).await;

    assert_eq!(reply_of(&again), first);
    assert_eq!(harness.carrier.calls(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn when_one_shipment_is_refused_none_stays_booked(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.carrier.refuse(shipment(order, 2), "address_not_served");

    let first = reply_of(&harness.handle(book(order, &[1, 2, 3])).await);
    let again = reply_of(&harness.handle_batch(&vec![delivery(book(order, &[1, 2, 3]), 2)]).await);

    assert_eq!(first, refused(order, "address_not_served"));
    assert_eq!(again, first);
    assert_eq!(harness.carrier.booked(), []);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Cancelled; 3]);
}

fn refused(order_id: domain::ids::OrderId, reason: &str) -> Reply {
    Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: reason.to_owned() })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_of_unknown_outcome_is_retried_until_it_is_known(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.carrier.lose_book_response(shipment(order, 2));

    let lost = harness.handle(book(order, &[1, 2])).await;
    let status_between = harness.booking_status(order).await;
    let again = harness.handle(book(order, &[1, 2])).await;

    assert!(is_retry(&lost), "{lost:?}");
    assert_eq!(status_between, "requested");
    assert!(matches!(reply_of(&again), Reply::ShipmentsBooked(_)));
    assert_eq!(harness.carrier.booked().len(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refusal_is_not_replied_before_the_other_shipments_are_cancelled(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.carrier.refuse(shipment(order, 2), "full");
    harness.carrier.refuse(shipment(order, 2), "full");
    harness.carrier.lose_cancel_response(shipment(order, 1));

    let unknown = harness.handle(book(order, &[1, 2])).await;
    let again = harness.handle(book(order, &[1, 2])).await;

    assert!(is_retry(&unknown), "{unknown:?}");
    assert_eq!(reply_of(&again), refused(order, "full"));
    assert_eq!(harness.carrier.booked(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_without_shipments_is_poison(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());

    let handled = harness.handle(book(order, &[])).await;

    assert!(matches!(handled.verdicts[..], [Verdict::Poison(_)]));
    assert_eq!(harness.count("shipping.bookings").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_workers_that_book_the_same_order_concurrently_reply_the_same(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    let (one, two) = (vec![delivery(book(order, &[1]), 1)], vec![delivery(book(order, &[1]), 2)]);
    let (calls_one, calls_two) = (harness.begin(&one, at(0)).await, harness.begin(&two, at(0)).await);

    let settled_one = harness.settle(&one, harness.call(calls_one).await, at(1)).await;
    let settled_two = harness.settle(&two, harness.call(calls_two).await, at(2)).await;

    assert_eq!(reply_of(&settled_one), reply_of(&settled_two));
    assert_ne!(settled_one.outgoing[0].message_id, settled_two.outgoing[0].message_id);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Booked]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_order_of_a_batch_gets_its_own_outcome(pool: PgPool) {
    let harness = Harness::new(pool);
    let orders: Vec<_> = (0..256).map(|_| new_order()).collect();
    harness.carrier.refuse(shipment(orders[7], 1), "full");
    harness.carrier.lose_book_response(shipment(orders[8], 1));
    let batch = orders.iter().map(|order| delivery(book(*order, &[1, 2]), 1)).collect();

    let handled = harness.handle_batch(&batch).await;

    let booked = replies(&handled).iter().filter(|reply| matches!(reply, Reply::ShipmentsBooked(_))).count();
    assert_eq!((booked, handled.outgoing.len()), (254, 255));
    assert!(matches!(handled.verdicts[8], Verdict::Retry(_)));
    assert_eq!(harness.booking_status(orders[7]).await, "refused");
    assert_eq!(harness.booking_status(orders[8]).await, "requested");
}
