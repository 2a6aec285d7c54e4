use crate::harness::{Desk, answer, args, at, book, cancel, delivery, is_retry, new_order, shipment};
use domain::ids::OrderId;
use domain::messages::{Reply, ShipmentsCancelled, ShipmentsRefused, ShipmentsTooLate};
use domain::shipment::{Milestone, ShipmentRefusal, ShipmentStatus};
use messaging::Relay;
use shipping::{CarrierEventError, Recorded};
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
async fn a_booked_order_is_called_back(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1, 2])).await;

    let first = answer(&desk.take(cancel(order)).await);
    let again = answer(&desk.take_batch(&vec![delivery(cancel(order), 2)]).await);

    assert_eq!((first, again), (cancelled(order), cancelled(order)));
    assert_eq!(desk.carrier.booked(), []);
    assert_eq!(desk.carrier.calls(), 4, "the repeat asks nobody");
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::Cancelled; 2]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancel_of_nothing_leaves_a_tombstone_that_refuses_a_late_book(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());

    let cancel = answer(&desk.take(cancel(order)).await);
    let late = answer(&desk.take(book(order, &[1])).await);

    assert_eq!((cancel, late), (cancelled(order), refused_as_cancelled(order)));
    assert_eq!(desk.carrier.calls(), 0);
    assert_eq!(desk.count("shipping.shipments").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_whose_answer_was_lost_is_called_back(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.carrier.lose_book_answer(shipment(order, 1));
    desk.take(book(order, &[1])).await;

    let reply = answer(&desk.take(cancel(order)).await);

    assert_eq!(reply, cancelled(order));
    assert_eq!(desk.carrier.booked(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_book_that_reaches_the_carrier_after_the_cancel_is_called_back_too(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    let batch = vec![delivery(book(order, &[1]), 1)];
    let calls = desk.begin(&batch, at(0)).await;
    assert_eq!(answer(&desk.take(cancel(order)).await), cancelled(order));

    let overtaken = desk.settle(&batch, desk.call(calls).await, at(1)).await;
    let booked_between = desk.carrier.booked().len();
    let redelivered = desk.take_batch(&batch).await;

    assert!(is_retry(&overtaken), "{overtaken:?}");
    assert_eq!(booked_between, 1);
    assert_eq!(answer(&redelivered), refused_as_cancelled(order));
    assert_eq!(desk.carrier.booked(), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_handed_over_is_not_called_back(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1, 2])).await;
    desk.report(shipment(order, 2), Milestone::HandedOver, 5).await.unwrap();

    let reply = answer(&desk.take(cancel(order)).await);

    assert_eq!(reply, too_late(order));
    assert_eq!(desk.carrier.booked().len(), 2);
    assert_eq!(desk.statuses(order).await, [ShipmentStatus::Booked, ShipmentStatus::HandedOver]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_being_called_back_does_not_move(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    let batch = vec![delivery(cancel(order), 1)];
    let calls = desk.begin(&batch, at(19)).await;

    let relay = Relay::default();
    let moved = shipping::move_simulated_shipments(&desk.pool, &relay, &args().pace(), at(60), 10).await.unwrap();
    let reported = desk.report(shipment(order, 1), Milestone::HandedOver, 60).await;
    let late_book = desk.take(book(order, &[1])).await;
    let settled = desk.settle(&batch, desk.call(calls).await, at(61)).await;

    assert_eq!(moved, 0);
    assert!(matches!(reported, Err(CarrierEventError::Refused(ShipmentRefusal::BeingCalledBack))));
    assert!(is_retry(&late_book), "{late_book:?}");
    assert_eq!(answer(&settled), cancelled(order));
}

#[sqlx::test(migrations = "../../migrations")]
async fn when_the_carrier_has_one_already_all_go_on(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1, 2])).await;
    desk.carrier.say_too_late(shipment(order, 2));

    let reply = answer(&desk.take(cancel(order)).await);

    assert_eq!(reply, too_late(order));
    assert_eq!(desk.booking_status(order).await, "booked");
    assert_eq!(desk.carrier.booked().len(), 2, "what was called back is booked again");
    let relay = Relay::default();
    let moved = shipping::move_simulated_shipments(&desk.pool, &relay, &args().pace(), at(0), 10).await.unwrap();
    assert_eq!(moved, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_book_that_is_under_way_is_found_booked_by_its_cancel(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.carrier.lose_book_answer(shipment(order, 1));
    desk.take(book(order, &[1])).await;
    desk.carrier.say_too_late(shipment(order, 1));

    let reply = answer(&desk.take(cancel(order)).await);

    assert_eq!(reply, too_late(order));
    assert!(matches!(answer(&desk.take(book(order, &[1])).await), Reply::ShipmentsBooked(_)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancel_of_unknown_outcome_stays_locked_and_is_tried_again(pool: PgPool) {
    let (desk, order) = (Desk::new(pool), new_order());
    desk.take(book(order, &[1])).await;
    desk.carrier.lose_cancel_answer(shipment(order, 1));

    let lost = desk.take(cancel(order)).await;
    let status_between = desk.booking_status(order).await;
    let again = desk.take(cancel(order)).await;

    assert!(is_retry(&lost), "{lost:?}");
    assert_eq!(status_between, "cancelling");
    assert_eq!(answer(&again), cancelled(order));
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_a_cancel_and_a_hand_over_at_once_exactly_one_wins(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders: Vec<_> = (0..ORDERS_RACING).map(|_| new_order()).collect();
    desk.take_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;

    let races = orders.iter().map(async |order| {
        tokio::join!(desk.take(cancel(*order)), desk.report(shipment(*order, 1), Milestone::HandedOver, 5))
    });
    let outcomes = futures::future::join_all(races).await;

    for (order, (cancel, report)) in orders.iter().zip(outcomes) {
        let status = desk.statuses(*order).await[0];
        match report {
            Ok(recorded) => {
                assert_eq!((recorded, answer(&cancel)), (Recorded::Moved, too_late(*order)));
                assert_eq!(status, ShipmentStatus::HandedOver);
            }
            Err(_refused) => {
                assert_eq!(answer(&cancel), cancelled(*order));
                assert_eq!(status, ShipmentStatus::Cancelled);
            }
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_a_cancel_and_the_mover_at_once_exactly_one_wins(pool: PgPool) {
    let desk = Desk::new(pool);
    let orders: Vec<_> = (0..ORDERS_RACING).map(|_| new_order()).collect();
    desk.take_batch(&orders.iter().map(|order| delivery(book(*order, &[1]), 1)).collect()).await;

    let (relay, pace) = (Relay::default(), args().pace());
    let moves = (0..ORDERS_RACING).map(|_| shipping::move_simulated_shipments(&desk.pool, &relay, &pace, at(20), 2));
    let cancels = orders.iter().map(|order| desk.take(cancel(*order)));
    let (cancels, _moves) = tokio::join!(futures::future::join_all(cancels), futures::future::join_all(moves));

    for (order, cancel) in orders.iter().zip(cancels) {
        match desk.statuses(*order).await[0] {
            ShipmentStatus::Cancelled => assert_eq!(answer(&cancel), cancelled(*order)),
            ShipmentStatus::HandedOver => assert_eq!(answer(&cancel), too_late(*order)),
            neither => panic!("{neither}"),
        }
    }
}
