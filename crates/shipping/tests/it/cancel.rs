//! The cancel command.

use crate::harness::{Harness, at, book, cancel, delivery, is_retry, move_due, new_order, replies, reply_of, shipment};
use domain::ids::OrderId;
use domain::messages::{Reply, ShipmentsCancelled, ShipmentsRefused, ShipmentsTooLate};
use domain::shipment::{Milestone, ShipmentStatus};
use shipping::Recorded;
use sqlx::PgPool;

const ORDERS_RACING: usize = 24;

fn cancelled(order_id: OrderId) -> Reply {
    Reply::ShipmentsCancelled(ShipmentsCancelled { order_id })
}

fn too_late(order_id: OrderId) -> Reply {
    Reply::ShipmentsTooLate(ShipmentsTooLate { order_id })
}

fn refused_as_cancelled(order_id: OrderId) -> Reply {
    Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: "cancelled".to_owned() })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_booked_order_is_cancelled(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;

    let first = reply_of(&harness.handle(cancel(order)).await);
    let again = reply_of(&harness.handle_batch(&vec![delivery(cancel(order), 2)]).await);

    assert_eq!((first, again), (cancelled(order), cancelled(order)));
    assert_eq!(harness.carrier.booked(), []);
    assert_eq!(harness.carrier.calls(), 4, "the repeat makes no carrier call");
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Cancelled; 2]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancel_without_a_booking_leaves_a_tombstone_that_refuses_a_late_book(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());

    let cancel = reply_of(&harness.handle(cancel(order)).await);
    let late = reply_of(&harness.handle(book(order, &[1])).await);

    assert_eq!((cancel, late), (cancelled(order), refused_as_cancelled(order)));
    assert_eq!(harness.carrier.calls(), 0);
    assert_eq!(harness.count("shipping.shipments").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_whose_response_was_lost_is_cancelled(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.carrier.lose_book_response(shipment(order, 1));
    harness.handle(book(order, &[1])).await;

    let reply = reply_of(&harness.handle(cancel(order)).await);

    assert_eq!(reply, cancelled(order));
    assert_eq!(harness.carrier.booked(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_that_reaches_the_carrier_after_the_cancel_is_cancelled_too(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    let batch = vec![delivery(book(order, &[1]), 1)];
    let calls = harness.begin(&batch, at(0)).await;
    assert_eq!(reply_of(&harness.handle(cancel(order)).await), cancelled(order));

    let overtaken = harness.settle(&batch, harness.call(calls).await, at(1)).await;
    let booked_between = harness.carrier.booked().len();
    let redelivered = harness.handle_batch(&batch).await;

    assert!(is_retry(&overtaken), "{overtaken:?}");
    assert_eq!(booked_between, 1);
    assert_eq!(reply_of(&redelivered), refused_as_cancelled(order));
    assert_eq!(harness.carrier.booked(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_handed_over_shipment_is_not_cancelled(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    harness.report(shipment(order, 2), Milestone::HandedOver, 5).await.unwrap();

    let reply = reply_of(&harness.handle(cancel(order)).await);

    assert_eq!(reply, too_late(order));
    assert_eq!(harness.carrier.booked().len(), 2);
    assert_eq!(harness.statuses(order).await, [ShipmentStatus::Booked, ShipmentStatus::HandedOver]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_does_not_advance_while_it_is_being_cancelled(pool: PgPool) {
    let (harness, order) = (Harness::with_moves(pool), new_order());
    harness.handle(book(order, &[1])).await;
    let batch = vec![delivery(cancel(order), 1)];
    let calls = harness.begin(&batch, at(19)).await;

    let moved = move_due(&harness.pool, 60, 10).await;
    let reported = harness.report(shipment(order, 1), Milestone::HandedOver, 60).await;
    let late_book = harness.handle(book(order, &[1])).await;
    let settled = harness.settle(&batch, harness.call(calls).await, at(61)).await;

    assert_eq!(moved, 0);
    assert_eq!(reported.unwrap(), Recorded::Kept, "the carrier's response decides what it means");
    assert!(is_retry(&late_book), "{late_book:?}");
    assert_eq!(replies(&settled)[0], cancelled(order));
}

#[sqlx::test(migrations = "../../migrations")]
async fn when_the_carrier_already_has_one_shipment_all_stay_booked(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    harness.carrier.reply_too_late(shipment(order, 2));

    let reply = reply_of(&harness.handle(cancel(order)).await);

    assert_eq!(reply, too_late(order));
    assert_eq!(harness.booking_status(order).await, "booked");
    assert_eq!(harness.carrier.booked().len(), 2, "the cancelled one is booked again");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_cancel_of_a_lost_book_finds_a_handed_over_shipment_booked(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.carrier.lose_book_response(shipment(order, 1));
    harness.handle(book(order, &[1])).await;
    harness.carrier.reply_too_late(shipment(order, 1));

    let reply = reply_of(&harness.handle(cancel(order)).await);

    assert_eq!(reply, too_late(order));
    assert!(matches!(reply_of(&harness.handle(book(order, &[1])).await), Reply::ShipmentsBooked(_)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancel_of_unknown_outcome_keeps_the_semantic_lock_and_is_retried(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.carrier.lose_cancel_response(shipment(order, 1));

    let lost = harness.handle(cancel(order)).await;
    let status_between = harness.booking_status(order).await;
    let again = harness.handle(cancel(order)).await;

    assert!(is_retry(&lost), "{lost:?}");
    assert_eq!(status_between, "cancelling");
    assert_eq!(reply_of(&again), cancelled(order));
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_a_concurrent_cancel_and_hand_over_exactly_one_wins(pool: PgPool) {
    let harness = Harness::new(pool);
    let orders: Vec<_> = (0..ORDERS_RACING).map(|_| new_order()).collect();
    harness.handle_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;

    let races = orders.iter().map(async |order| {
        tokio::join!(harness.handle(cancel(*order)), harness.report(shipment(*order, 1), Milestone::HandedOver, 5))
    });
    let outcomes = futures::future::join_all(races).await;

    for (order, (cancel, report)) in orders.iter().zip(outcomes) {
        let status = harness.statuses(*order).await[0];
        match report.unwrap() {
            Recorded::Advanced => {
                assert_eq!((reply_of(&cancel), status), (too_late(*order), ShipmentStatus::HandedOver));
            }
            Recorded::Kept => {
                assert_eq!((&replies(&cancel)[0], status), (&cancelled(*order), ShipmentStatus::Cancelled));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_a_concurrent_cancel_and_simulated_move_exactly_one_wins(pool: PgPool) {
    let harness = Harness::with_moves(pool);
    let orders: Vec<_> = (0..ORDERS_RACING).map(|_| new_order()).collect();
    harness.handle_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;

    let moves = (0..ORDERS_RACING).map(|_| move_due(&harness.pool, 20, 2));
    let cancels = orders.iter().map(|order| harness.handle(cancel(*order)));
    let (cancels, _moves) = tokio::join!(futures::future::join_all(cancels), futures::future::join_all(moves));

    for (order, cancel) in orders.iter().zip(cancels) {
        match harness.statuses(*order).await[0] {
            ShipmentStatus::Cancelled => assert_eq!(reply_of(&cancel), cancelled(*order)),
            ShipmentStatus::HandedOver => assert_eq!(reply_of(&cancel), too_late(*order)),
            other => panic!("{other}"),
        }
    }
}
