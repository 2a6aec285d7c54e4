//! Orders are cancelled at every stage of their processing.

use crate::broker::timeline;
use crate::broker::{deliver, drain_outbox, order_after, placed, progressed, sent_types, status, success_replies};
use crate::fixtures::{ALICE, BOB, HER_VENDOR, count, execute, now};
use domain::ids::{OrderId, UserId};
use domain::order::{CancelReason, OrderStatus};
use domain::saga::CancelRefusal;
use domain::shipment::ShipmentStatus::HandedOver;
use futures::future::join_all;
use messaging::{Trace, WriteContext};
use orders::{CancelError, CancelOrder, CancelOutcome, Viewer, cancel_order, find_order, order_events};
use platform::audit::NoAudit;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

const ADMIN: UserId = UserId::from_uuid(Uuid::from_u128(99));

/// A request of the customer, or of an admin when there is no customer.
fn request(order_id: OrderId, customer: Option<UserId>) -> CancelOrder {
    CancelOrder {
        order_id,
        caller: customer.unwrap_or(ADMIN),
        cancels_any: customer.is_none(),
        actor: customer.map_or_else(|| format!("admin:{ADMIN}"), |customer| format!("customer:{customer}")),
        reason: None,
        note: None,
        lines: Vec::new(),
        trace: Trace { correlation_id: "cancel-request".to_owned(), causation_id: None, traceparent: None },
    }
}

async fn cancel(pool: &PgPool, order: OrderId, customer: Option<UserId>) -> Result<CancelOutcome, CancelError> {
    cancel_by(pool, request(order, customer)).await
}

async fn cancel_by(pool: &PgPool, request: CancelOrder) -> Result<CancelOutcome, CancelError> {
    cancel_order(&WriteContext::of(pool.clone()), request, now(), &NoAudit).await
}

/// The reason of the cancellation that the viewer sees: in the order, and in its timeline.
async fn visible_reason(pool: &PgPool, order: OrderId, viewer: Viewer) -> (Option<String>, Option<Value>) {
    let found = find_order(pool, order, viewer).await.expect("a result").expect("the order");
    let events = order_events(pool, order, viewer).await.expect("a result").expect("the order");
    let cancelling = events.into_iter().find(|event| event.kind == "cancelling").expect("it is being cancelled");
    (found.order.reason, cancelling.detail)
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_note_of_a_cancellation_is_visible_to_staff_and_its_author(pool: PgPool) {
    let orders = placed(&pool, 2).await;
    let note = |text: &str| Some(text.parse().expect("a note"));
    let hers = CancelOrder { note: note("I meant the blue ones"), ..request(orders[0], Some(ALICE)) };
    let by_admin = CancelOrder {
        reason: Some(CancelReason::Fraud),
        note: note("same card as case 4711"),
        ..request(orders[1], None)
    };
    cancel_by(&pool, hers).await.expect("cancelled");
    cancel_by(&pool, by_admin).await.expect("cancelled");

    let code = |reason: &str| (Some(reason.to_owned()), Some(json!({ "reason": reason })));
    let with = |reason: &str, note: &str| (Some(reason.to_owned()), Some(json!({ "reason": reason, "note": note })));
    let (alice, vendor, admin) = (Viewer::Customer(ALICE), Viewer::Vendor(HER_VENDOR), Viewer::Admin(BOB));
    for viewer in [alice, Viewer::Vendor(ALICE), admin] {
        let expected = with("customer_request", "I meant the blue ones");
        assert_eq!(visible_reason(&pool, orders[0], viewer).await, expected, "{viewer:?}");
    }
    assert_eq!(visible_reason(&pool, orders[0], vendor).await, code("customer_request"));
    for viewer in [alice, vendor] {
        assert_eq!(visible_reason(&pool, orders[1], viewer).await, code("fraud"), "{viewer:?}");
    }
    assert_eq!(visible_reason(&pool, orders[1], admin).await, with("fraud", "same card as case 4711"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn free_text_that_was_stored_as_a_reason_is_shown_as_a_note(pool: PgPool) {
    let order = placed(&pool, 1).await[0];
    cancel(&pool, order, None).await.expect("cancelled");
    execute(&pool, "UPDATE orders.orders SET reason = 'suspected fraud'").await;
    let detail = r#"UPDATE orders.events SET detail = '{"reason": "suspected fraud"}' WHERE kind = 'cancelling'"#;
    execute(&pool, detail).await;

    let hidden = (Some("other".to_owned()), Some(json!({ "reason": "other" })));
    assert_eq!(visible_reason(&pool, order, Viewer::Customer(ALICE)).await, hidden);
    assert_eq!(visible_reason(&pool, order, Viewer::Vendor(HER_VENDOR)).await, hidden);
    let shown = json!({ "reason": "other", "note": "suspected fraud" });
    assert_eq!(visible_reason(&pool, order, Viewer::Admin(BOB)).await, (Some("other".to_owned()), Some(shown)));
    reply_to_all(&pool).await;
    assert_eq!(status(&pool, order).await, "cancelled");
}

/// Replies to every command until no more are sent.
async fn reply_to_all(pool: &PgPool) {
    loop {
        let replies = success_replies(&drain_outbox(pool).await);
        if replies.is_empty() {
            return;
        }
        deliver(pool, replies).await;
    }
}

async fn assert_undone_after(pool: &PgPool, replies: usize, expected: &[&str]) {
    let order = order_after(pool, replies).await;
    drain_outbox(pool).await;

    let outcome = cancel(pool, order, Some(ALICE)).await.expect("cancelled");
    let sent = sent_types(pool).await;

    assert_eq!((outcome.status, outcome.already), (OrderStatus::Cancelling, false));
    assert_eq!(sent, expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn stock_is_released_while_its_reservation_is_open(pool: PgPool) {
    assert_undone_after(&pool, 0, &["inventory.release.v1", "order.changed.v1"]).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_payment_is_voided_while_its_authorization_is_open(pool: PgPool) {
    assert_undone_after(&pool, 1, &["payment.void.v1", "order.changed.v1"]).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn shipments_are_cancelled_while_their_booking_is_open(pool: PgPool) {
    assert_undone_after(&pool, 2, &["shipment.cancel.v1", "order.changed.v1"]).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_confirmed_order_is_undone_step_by_step(pool: PgPool) {
    let order = order_after(&pool, 3).await;
    drain_outbox(&pool).await;

    cancel(&pool, order, Some(ALICE)).await.unwrap();
    reply_to_all(&pool).await;

    assert_eq!(status(&pool, order).await, "cancelled");
    let undone = ["cancelling", "shipments_cancelled", "payment_voided", "stock_released", "cancelled"];
    assert_eq!(timeline(&pool, order).await[4..], undone);
    let cancelling =
        "SELECT count(*) FROM orders.events WHERE kind = 'cancelling' AND actor LIKE 'customer:%' AND cause IS NULL";
    assert_eq!(count(&pool, cancelling).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_cancellation_returns_the_current_status(pool: PgPool) {
    let order = placed(&pool, 1).await[0];
    let first = cancel(&pool, order, None).await.unwrap();
    drain_outbox(&pool).await;

    let second = cancel(&pool, order, Some(ALICE)).await.unwrap();

    assert_eq!(second, CancelOutcome { already: true, ..first });
    assert_eq!(sent_types(&pool).await, [""; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn another_customers_order_is_not_found(pool: PgPool) {
    let order = placed(&pool, 1).await[0];

    let bobs = cancel(&pool, order, Some(BOB)).await;
    let unknown = cancel(&pool, OrderId::from_uuid(Uuid::now_v7()), None).await;

    assert!(matches!(bobs, Err(CancelError::NotFound)), "{bobs:?}");
    assert!(matches!(unknown, Err(CancelError::NotFound)), "{unknown:?}");
    assert_eq!(status(&pool, order).await, "pending");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipped_order_can_not_be_cancelled(pool: PgPool) {
    let order = order_after(&pool, 3).await;
    deliver(&pool, vec![progressed(order, HandedOver)]).await;

    let refused = cancel(&pool, order, Some(ALICE)).await;

    assert!(matches!(refused, Err(CancelError::Refused(CancelRefusal::TooLate(OrderStatus::Shipped)))), "{refused:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_replies_and_cancellations_lead_to_one_end(pool: PgPool) {
    let orders = placed(&pool, 30).await;
    let replies = success_replies(&drain_outbox(&pool).await);

    let cancellations = join_all(orders.iter().map(|order| cancel(&pool, *order, None)));
    let (_verdicts, cancelled) = futures::join!(deliver(&pool, replies), cancellations);
    reply_to_all(&pool).await;

    assert!(cancelled.iter().all(Result::is_ok), "{cancelled:?}");
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders WHERE status = 'cancelled'").await, 30);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.sagas WHERE active").await, 0);
}
