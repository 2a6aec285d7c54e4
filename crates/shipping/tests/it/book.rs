use crate::fake_carrier::tracking_number;
use crate::harness::{Desk, answer, at, book, delivery, is_retry, new_order, replies, shipment, warehouse};
use domain::messages::{BookedShipment, Reply, ShipmentsBooked, ShipmentsRefused};
use domain::shipment::ShipmentStatus;
use messaging::Verdict;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_booked_order_is_answered_with_the_waybill_of_each_parcel(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());

    let Reply::ShipmentsBooked(booked) = answer(&desk.take(book(order, &[1, 2])).await) else { panic!("not booked") };

    let mut expected =
        ShipmentsBooked { order_id: order, shipments: [1, 2].map(|number| waybill(order, number)).into() };
    expected.shipments.sort_by_key(|shipment| shipment.shipment_id);
    assert_eq!(booked, expected);
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::Booked; 2]);
    assert_eq!(desk.said().await, [Reply::ShipmentsBooked(expected)]);
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
async fn a_repeated_book_is_answered_the_same_and_the_carrier_is_not_asked_again(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    let first = answer(&desk.take(book(order, &[1, 2])).await);

    let again = desk.take_batch(&vec![delivery(book(order, &[1, 2]), 2)]).await;

    assert_eq!(answer(&again), first);
    assert_eq!(desk.carrier.calls(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn when_one_parcel_is_refused_none_stays_booked(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.carrier.refuse(shipment(order, 2), "address_not_served");

    let first = answer(&desk.take(book(order, &[1, 2, 3])).await);
    let again = answer(&desk.take_batch(&vec![delivery(book(order, &[1, 2, 3]), 2)]).await);

    assert_eq!(first, refused(order, "address_not_served"));
    assert_eq!(again, first);
    assert_eq!(desk.carrier.booked(), []);
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::Cancelled; 3]);
}

fn refused(order_id: domain::ids::OrderId, reason: &str) -> Reply {
    Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: reason.to_owned() })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_of_unknown_outcome_is_tried_again_until_it_is_known(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.carrier.lose_book_answer(shipment(order, 2));

    let lost = desk.take(book(order, &[1, 2])).await;
    let status_between = desk.booking_status(order).await;
    let again = desk.take(book(order, &[1, 2])).await;

    assert!(is_retry(&lost), "{lost:?}");
    assert_eq!(status_between, "requested");
    assert!(matches!(answer(&again), Reply::ShipmentsBooked(_)));
    assert_eq!(desk.carrier.booked().len(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refusal_is_not_told_before_the_others_are_called_back(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.carrier.refuse(shipment(order, 2), "full");
    desk.carrier.refuse(shipment(order, 2), "full");
    desk.carrier.lose_cancel_answer(shipment(order, 1));

    let unknown = desk.take(book(order, &[1, 2])).await;
    let again = desk.take(book(order, &[1, 2])).await;

    assert!(is_retry(&unknown), "{unknown:?}");
    assert_eq!(answer(&again), refused(order, "full"));
    assert_eq!(desk.carrier.booked(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_of_nothing_is_poison(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());

    let handled = desk.take(book(order, &[])).await;

    assert!(matches!(handled.verdicts[..], [Verdict::Poison(_)]));
    assert_eq!(desk.count("shipping.bookings").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_workers_that_book_the_same_order_at_once_answer_the_same(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    let (one, two) = (vec![delivery(book(order, &[1]), 1)], vec![delivery(book(order, &[1]), 2)]);
    let (calls_one, calls_two) = (desk.begin(&one, at(0)).await, desk.begin(&two, at(0)).await);

    let settled_one = desk.settle(&one, desk.call(calls_one).await, at(1)).await;
    let settled_two = desk.settle(&two, desk.call(calls_two).await, at(2)).await;

    assert_eq!(answer(&settled_one), answer(&settled_two));
    assert_ne!(settled_one.outgoing[0].message_id, settled_two.outgoing[0].message_id);
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::Booked]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_is_answered_order_by_order(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders: Vec<_> = (0..256).map(|_| new_order()).collect();
    desk.carrier.refuse(shipment(orders[7], 1), "full");
    desk.carrier.lose_book_answer(shipment(orders[8], 1));
    let batch = orders.iter().map(|order| delivery(book(*order, &[1, 2]), 1)).collect();

    let handled = desk.take_batch(&batch).await;

    let booked = replies(&handled).iter().filter(|reply| matches!(reply, Reply::ShipmentsBooked(_))).count();
    assert_eq!((booked, handled.outgoing.len()), (254, 255));
    assert!(matches!(handled.verdicts[8], Verdict::Retry(_)));
    assert_eq!(desk.booking_status(orders[7]).await, "refused");
    assert_eq!(desk.booking_status(orders[8]).await, "requested");
}
