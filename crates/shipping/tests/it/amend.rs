//! A shipment whose units are cancelled is replaced, or cancelled alone.

use crate::harness::{
    Harness, at, book, cancel, delivery, is_retry, move_due, new_order, replies, reply_of, shipment, track, warehouse,
};
use domain::ids::{OrderId, ShipmentId};
use domain::messages::{
    AmendShipment, Reply, ShipmentAmended, ShipmentCommand, ShipmentNotAmended, ShipmentRequest, ShipmentsCancelled,
};
use domain::product::Line;
use domain::shipment::{Milestone, ShipmentStatus};
use messaging::Verdict;
use shipping::Recorded;
use sqlx::PgPool;

fn replacement(order: OrderId) -> ShipmentId {
    shipment(order, 1).revised(order, 1)
}

/// One unit of the first shipment remains.
fn shrink(order_id: OrderId) -> ShipmentCommand {
    let lines = vec![Line { sku: "SKU-HEADPHONES".parse().unwrap(), quantity: 1_u32.try_into().unwrap() }];
    let (shipment_id, warehouse_id) = (replacement(order_id), warehouse(1));
    let replacement = Some(ShipmentRequest { shipment_id, warehouse_id, vendor_id: None, lines });
    ShipmentCommand::Amend(AmendShipment { order_id, shipment_id: shipment(order_id, 1), amendment: 1, replacement })
}

fn cancel_one(order_id: OrderId, number: u128) -> ShipmentCommand {
    let shipment_id = shipment(order_id, number);
    ShipmentCommand::Amend(AmendShipment { order_id, shipment_id, amendment: 1, replacement: None })
}

fn amended(reply: &Reply) -> Option<ShipmentId> {
    let Reply::ShipmentAmended(ShipmentAmended { replacement, .. }) = reply else { panic!("{reply:?}") };
    replacement.as_ref().map(|replacement| replacement.shipment_id)
}

/// The shipment, and whether it was cancelled.
fn moved(reply: &Reply) -> (ShipmentId, bool) {
    let Reply::ShipmentProgressed(report) = reply else { panic!("{reply:?}") };
    (report.shipment_id, report.is_cancelled)
}

fn not_amended(order_id: OrderId, reason: &str) -> Reply {
    let (shipment_id, reason) = (shipment(order_id, 1), reason.to_owned());
    Reply::ShipmentNotAmended(ShipmentNotAmended { order_id, shipment_id, amendment: 1, reason })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_is_replaced_by_one_with_the_remaining_units(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;

    let first = reply_of(&harness.handle(shrink(order)).await);
    let calls = harness.carrier.calls();
    let again = reply_of(&harness.handle_batch(&vec![delivery(shrink(order), 2)]).await);

    assert_eq!(amended(&first), Some(replacement(order)));
    assert_eq!(again, first);
    assert_eq!(harness.carrier.calls(), calls, "the repeat makes no carrier call");
    let mut booked = [replacement(order), shipment(order, 2)];
    booked.sort();
    assert_eq!(harness.carrier.booked(), booked);
    let statuses = harness.statuses(order).await;
    assert_eq!(statuses.iter().filter(|status| **status == ShipmentStatus::Booked).count(), 2);
    assert_eq!((statuses.len(), harness.booking_status(order).await.as_str()), (3, "booked"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_without_units_is_cancelled_alone_and_the_last_one_closes_the_booking(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;

    assert_eq!(amended(&reply_of(&harness.handle(cancel_one(order, 1)).await)), None);
    assert_eq!(harness.carrier.booked(), [shipment(order, 2)]);
    assert_eq!(harness.booking_status(order).await, "booked");
    assert_eq!(amended(&reply_of(&harness.handle(cancel_one(order, 2)).await)), None);
    assert_eq!(harness.booking_status(order).await, "cancelled");
    assert_eq!(amended(&reply_of(&harness.handle(cancel_one(order, 1)).await)), None, "a repeat");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_that_is_handed_over_is_not_amended(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap();

    let reply = reply_of(&harness.handle(shrink(order)).await);

    assert_eq!(reply, not_amended(order, "handed_over"));
    assert_eq!(harness.carrier.booked(), [shipment(order, 1)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn when_the_carrier_has_the_shipment_already_the_replacement_is_cancelled(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.carrier.reply_too_late(shipment(order, 1));

    let reply = reply_of(&harness.handle(shrink(order)).await);
    let late = reply_of(&harness.handle_batch(&vec![delivery(shrink(order), 2)]).await);

    assert_eq!(reply, not_amended(order, "handed_over"));
    assert!(matches!(late, Reply::ShipmentNotAmended(_)), "a late repeat must not amend it after all: {late:?}");
    assert_eq!(harness.carrier.booked(), [shipment(order, 1)]);
    assert!(harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.is_ok());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_replacement_leaves_the_shipment_as_it_is(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.carrier.refuse(replacement(order), "too_light");

    let reply = reply_of(&harness.handle(shrink(order)).await);
    let late = reply_of(&harness.handle_batch(&vec![delivery(shrink(order), 2)]).await);

    assert_eq!(reply, not_amended(order, "too_light"));
    assert!(matches!(late, Reply::ShipmentNotAmended(_)), "{late:?}");
    assert_eq!(harness.carrier.booked(), [shipment(order, 1)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_call_whose_response_was_lost_is_repeated(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.carrier.lose_book_response(replacement(order));
    let without_booking = harness.handle(shrink(order)).await;
    harness.carrier.lose_cancel_response(shipment(order, 1));
    let without_cancellation = harness.handle_batch(&vec![delivery(shrink(order), 2)]).await;

    let reply = reply_of(&harness.handle_batch(&vec![delivery(shrink(order), 3)]).await);

    assert!(is_retry(&without_booking) && is_retry(&without_cancellation));
    assert_eq!(amended(&reply), Some(replacement(order)));
    assert_eq!(harness.carrier.booked(), [replacement(order)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn shipments_do_not_advance_while_one_is_being_amended(pool: PgPool) {
    let (harness, order) = (Harness::with_moves(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    let batch = vec![delivery(shrink(order), 1)];
    let calls = harness.begin(&batch, at(19)).await;

    let moved = move_due(&harness.pool, 60, 10).await;
    let reported = harness.report(shipment(order, 1), Milestone::HandedOver, 60).await;
    let other = harness.handle(cancel_one(order, 2)).await;
    let whole = harness.handle(cancel(order)).await;
    let settled = harness.settle(&batch, harness.call(calls).await, at(61)).await;

    assert_eq!(moved, 0);
    assert_eq!(reported.unwrap(), Recorded::Kept, "the carrier's response decides what it means");
    assert!(is_retry(&other) && is_retry(&whole));
    assert_eq!(settled.verdicts, [Verdict::Done]);
    let sent = replies(&settled);
    assert!(sent.iter().any(|reply| matches!(reply, Reply::ShipmentAmended(_))), "{sent:?}");
    assert!(sent.iter().any(|reply| matches!(reply, Reply::ShipmentProgressed(report) if report.is_cancelled)));
    assert_eq!(move_due(&harness.pool, 120, 10).await, 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_cancelled_without_the_shipments_that_were_replaced_before(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1, 2])).await;
    harness.handle(shrink(order)).await;
    harness.carrier.reply_too_late(shipment(order, 2));

    let too_late = reply_of(&harness.handle(cancel(order)).await);
    let booked_again = harness.carrier.booked();
    let reports = harness.handle(track(order)).await;
    let cancelled = reply_of(&harness.handle_batch(&vec![delivery(cancel(order), 2)]).await);

    assert!(matches!(too_late, Reply::ShipmentsTooLate(_)));
    let mut live = [replacement(order), shipment(order, 2)];
    live.sort();
    assert_eq!(booked_again, live, "the replaced shipment is not booked again");
    assert!(reports.outgoing.is_empty());
    assert_eq!(cancelled, Reply::ShipmentsCancelled(ShipmentsCancelled { order_id: order }));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replacement_moves_and_the_movement_of_its_predecessor_is_reported_as_such(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.handle(shrink(order)).await;
    harness.drain_outbox().await;

    let late = harness.report(shipment(order, 1), Milestone::HandedOver, 5).await;
    harness.report(replacement(order), Milestone::HandedOver, 6).await.unwrap();

    assert_eq!(late.unwrap(), Recorded::Kept);
    let cancelled: Vec<_> = harness.drain_outbox().await.iter().map(moved).collect();
    assert_eq!(cancelled, [(shipment(order, 1), true), (replacement(order), false)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_hand_over_that_is_reported_during_a_call_that_comes_too_late_counts(pool: PgPool) {
    let (harness, order) = (Harness::new(pool), new_order());
    harness.handle(book(order, &[1])).await;
    harness.carrier.reply_too_late(shipment(order, 1));
    let batch = vec![delivery(shrink(order), 1)];
    let calls = harness.begin(&batch, at(19)).await;

    harness.report(shipment(order, 1), Milestone::HandedOver, 60).await.unwrap();
    let settled = harness.settle(&batch, harness.call(calls).await, at(61)).await;

    let sent = replies(&settled);
    assert!(sent.iter().any(|reply| matches!(reply, Reply::ShipmentNotAmended(_))), "{sent:?}");
    assert!(sent.iter().any(|reply| matches!(reply, Reply::ShipmentProgressed(report) if !report.is_cancelled)));
    assert!(harness.statuses(order).await.contains(&ShipmentStatus::HandedOver));
}
