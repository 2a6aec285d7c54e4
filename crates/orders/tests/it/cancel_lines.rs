//! Units of an order's lines are cancelled, as far as they are not handed over.

use crate::broker::{
    WAREHOUSE, deliver, drain_outbox, order_after, placed, progressed, sent_types, status, success_replies, timeline,
};
use crate::fixtures::{ALICE, BOB, HER_VENDOR, PRICE_MINOR, now};
use domain::ids::{OrderId, ShipmentId, UserId};
use domain::order::OrderStatus;
use domain::refund::LineUnits;
use domain::saga::{CancelRefusal, LineCancelRefusal};
use domain::shipment::ShipmentStatus;
use messaging::{Trace, WriteContext};
use orders::{
    CancelError, CancelOrder, CancelOutcome, Viewer, cancel_order, find_order, find_refundable, order_events,
    preview_cancellation,
};
use platform::audit::NoAudit;
use serde_json::json;
use sqlx::PgPool;

const HEADPHONES: i16 = 1;
const CABLE: i16 = 2;

fn request(order_id: OrderId, customer: UserId, lines: &[(i16, u32)]) -> CancelOrder {
    let units = |(line_no, quantity): &(i16, u32)| LineUnits {
        line_no: *line_no,
        quantity: (*quantity).try_into().expect("a quantity"),
    };
    CancelOrder {
        order_id,
        caller: customer,
        cancels_any: false,
        actor: format!("customer:{customer}"),
        reason: None,
        note: Some("too many".parse().expect("a note")),
        lines: lines.iter().map(units).collect(),
        trace: Trace { correlation_id: "cancel-request".to_owned(), causation_id: None, traceparent: None },
    }
}

async fn cancel(pool: &PgPool, order: OrderId, lines: &[(i16, u32)]) -> Result<CancelOutcome, CancelError> {
    cancel_order(&WriteContext::of(pool.clone()), request(order, ALICE, lines), now(), &NoAudit).await
}

/// Two headphones and a cable, in one shipment.
async fn confirmed(pool: &PgPool) -> OrderId {
    let order = order_after(pool, 3).await;
    drain_outbox(pool).await;
    order
}

async fn reply_to_all(pool: &PgPool) {
    loop {
        let replies = success_replies(&drain_outbox(pool).await);
        if replies.is_empty() {
            return;
        }
        deliver(pool, replies).await;
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancelled_unit_is_shown_and_its_shipment_replaced(pool: PgPool) {
    let order = confirmed(&pool).await;

    let outcome = cancel(&pool, order, &[(HEADPHONES, 1)]).await.expect("cancelled");
    reply_to_all(&pool).await;

    assert_eq!((outcome.status, outcome.units, outcome.already), (OrderStatus::Confirmed, Some(1), false));
    assert_eq!(timeline(&pool, order).await[4..], ["lines_cancelling", "lines_cancelled", "stock_partly_released"]);
    let found = find_order(&pool, order, Viewer::Customer(ALICE)).await.unwrap().expect("the order");
    assert_eq!(found.lines.iter().map(|line| line.cancelled_units).collect::<Vec<_>>(), [1, 0]);
    let first = ShipmentId::of_vendor(order, WAREHOUSE, HER_VENDOR);
    let shipments: Vec<_> = found.shipments.iter().map(|shipment| (shipment.shipment_id, shipment.status)).collect();
    assert_eq!(shipments, [(first, ShipmentStatus::Cancelled), (first.revised(order, 1), ShipmentStatus::Booked)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn cancelled_lines_are_published_and_their_note_is_only_for_staff_and_its_author(pool: PgPool) {
    let order = confirmed(&pool).await;
    cancel(&pool, order, &[(CABLE, 1)]).await.expect("cancelled");

    let amend = drain_outbox(&pool).await;
    deliver(&pool, success_replies(&amend)).await;
    let sent = sent_types(&pool).await;

    assert_eq!(sent, ["inventory.reduce.v1", "order.lines_cancelled.v1"]);
    let lines = json!([{ "sku": "SKU-CABLE", "quantity": 1 }]);
    for (viewer, detail) in [
        (Viewer::Customer(ALICE), Some(json!({ "lines": lines, "reason": "customer_request", "note": "too many" }))),
        (Viewer::Admin(BOB), Some(json!({ "lines": lines, "reason": "customer_request", "note": "too many" }))),
        (Viewer::Vendor(HER_VENDOR), None),
    ] {
        let events = order_events(&pool, order, viewer).await.unwrap().expect("the order");
        let cancelling = events.into_iter().find(|event| event.kind == "lines_cancelling").expect("the entry");
        assert_eq!(cancelling.detail, detail, "{viewer:?}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn less_is_captured_and_less_can_be_refunded(pool: PgPool) {
    let order = confirmed(&pool).await;
    cancel(&pool, order, &[(HEADPHONES, 1)]).await.expect("cancelled");
    reply_to_all(&pool).await;
    let replacement = ShipmentId::of_vendor(order, WAREHOUSE, HER_VENDOR).revised(order, 1);
    let domain::messages::Reply::ShipmentProgressed(report) = progressed(order, ShipmentStatus::Delivered) else {
        panic!("a report")
    };
    let report = domain::messages::ShipmentProgressed { shipment_id: replacement, ..report };

    deliver(&pool, vec![domain::messages::Reply::ShipmentProgressed(report)]).await;
    reply_to_all(&pool).await;

    assert_eq!(status(&pool, order).await, "delivered");
    let refundable = find_refundable(&pool, order).await.unwrap().expect("the order");
    assert_eq!(refundable.captured_minor, 2 * PRICE_MINOR);
    assert_eq!(refundable.lines.iter().map(|line| line.captured_units).collect::<Vec<_>>(), [1, 1]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn units_of_a_pending_order_and_those_of_others_are_refused(pool: PgPool) {
    let pending = placed(&pool, 1).await[0];

    let early = cancel(&pool, pending, &[(CABLE, 1)]).await;
    let bobs = request(pending, BOB, &[(CABLE, 1)]);
    let bobs = cancel_order(&WriteContext::of(pool.clone()), bobs, now(), &NoAudit).await;

    let not_confirmed = LineCancelRefusal::NotConfirmed(OrderStatus::Pending);
    assert!(matches!(early, Err(CancelError::Refused(CancelRefusal::Lines(refusal))) if refusal == not_confirmed));
    assert!(matches!(bobs, Err(CancelError::NotFound)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn all_units_together_are_the_whole_order(pool: PgPool) {
    let order = confirmed(&pool).await;

    let outcome = cancel(&pool, order, &[(HEADPHONES, 2), (CABLE, 1)]).await.expect("cancelled");
    reply_to_all(&pool).await;

    assert_eq!((outcome.status, outcome.units), (OrderStatus::Cancelling, None));
    assert_eq!(status(&pool, order).await, "cancelled");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_preview_changes_nothing(pool: PgPool) {
    let order = confirmed(&pool).await;

    let wanted = request(order, ALICE, &[(HEADPHONES, 1)]);
    let (_, preview) = preview_cancellation(&WriteContext::of(pool.clone()), wanted).await.expect("a preview");

    assert_eq!((preview.voided.amount_minor, preview.cancels_order), (PRICE_MINOR, false));
    assert_eq!(timeline(&pool, order).await.len(), 4);
    assert_eq!(sent_types(&pool).await, [""; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_second_request_waits_for_the_first(pool: PgPool) {
    let order = confirmed(&pool).await;
    cancel(&pool, order, &[(HEADPHONES, 1)]).await.expect("cancelled");

    for lines in [&[(CABLE, 1)][..], &[]] {
        let refused = cancel(&pool, order, lines).await;
        let in_progress = CancelRefusal::Lines(LineCancelRefusal::InProgress);
        assert!(matches!(refused, Err(CancelError::Refused(refusal)) if refusal == in_progress));
    }
    reply_to_all(&pool).await;
    assert!(cancel(&pool, order, &[(CABLE, 1)]).await.is_ok());
}
