//! The outcome of every command in every state of a booking.

use crate::harness::{Harness, at, book, cancel, delivery, new_order, replies, shipment, track};
use domain::ids::OrderId;
use domain::messages::{Message, ShipmentCommand};
use domain::shipment::Milestone;
use messaging::{Handled, Verdict};
use sqlx::PgPool;

const STATES: [&str; 9] =
    ["none", "requested", "booked", "refused", "cancelling", "cancelled", "tombstone", "handed_over", "delivered"];

/// A new order in `state`.
async fn order_in(harness: &Harness, state: &str) -> OrderId {
    let order = new_order();
    match state {
        "requested" => harness.carrier.lose_book_response(shipment(order, 1)),
        "refused" => harness.carrier.refuse(shipment(order, 1), "full"),
        _ => {}
    }
    if !["none", "tombstone"].contains(&state) {
        harness.handle(book(order, &[1])).await;
    }
    match state {
        "cancelled" | "tombstone" => drop(harness.handle(cancel(order)).await),
        "cancelling" => drop(harness.begin(&vec![delivery(cancel(order), 1)], at(0)).await),
        "handed_over" => drop(harness.report(shipment(order, 1), Milestone::HandedOver, 5).await.unwrap()),
        "delivered" => drop(harness.report(shipment(order, 1), Milestone::Delivered, 5).await.unwrap()),
        _ => {}
    }
    order
}

fn outcome(handled: &Handled<()>) -> &'static str {
    match (&handled.verdicts[..], &replies(handled)[..]) {
        ([Verdict::Done], []) => "no reply",
        ([Verdict::Done], [reply]) => reply.type_name(),
        ([Verdict::Retry(_)], []) => "retry",
        _ => "unexpected",
    }
}

async fn outcomes(pool: PgPool, command: impl Fn(OrderId) -> ShipmentCommand) -> Vec<(&'static str, &'static str)> {
    let harness = Harness::new(pool);
    let mut table = Vec::new();
    for state in STATES {
        let order = order_in(&harness, state).await;
        let handled = harness.handle_batch(&vec![delivery(command(order), 9)]).await;
        table.push((state, outcome(&handled)));
    }
    table
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_state_has_an_outcome_for_book(pool: PgPool) {
    let table = outcomes(pool, |order| book(order, &[1])).await;

    assert_eq!(
        table,
        [
            ("none", "shipment.booked.v1"),
            ("requested", "shipment.booked.v1"),
            ("booked", "shipment.booked.v1"),
            ("refused", "shipment.refused.v1"),
            ("cancelling", "retry"),
            ("cancelled", "shipment.refused.v1"),
            ("tombstone", "shipment.refused.v1"),
            ("handed_over", "shipment.booked.v1"),
            ("delivered", "shipment.booked.v1"),
        ]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_state_has_an_outcome_for_cancel(pool: PgPool) {
    let table = outcomes(pool, cancel).await;

    assert_eq!(
        table,
        [
            ("none", "shipment.cancelled.v1"),
            ("requested", "shipment.cancelled.v1"),
            ("booked", "shipment.cancelled.v1"),
            ("refused", "shipment.cancelled.v1"),
            ("cancelling", "shipment.cancelled.v1"),
            ("cancelled", "shipment.cancelled.v1"),
            ("tombstone", "shipment.cancelled.v1"),
            ("handed_over", "shipment.too_late.v1"),
            ("delivered", "shipment.too_late.v1"),
        ]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_state_has_an_outcome_for_track(pool: PgPool) {
    let table = outcomes(pool, track).await;

    assert_eq!(
        table,
        [
            ("none", "no reply"),
            ("requested", "no reply"),
            ("booked", "no reply"),
            ("refused", "no reply"),
            ("cancelling", "no reply"),
            ("cancelled", "no reply"),
            ("tombstone", "no reply"),
            ("handed_over", "shipment.progressed.v1"),
            ("delivered", "shipment.progressed.v1"),
        ]
    );
}
