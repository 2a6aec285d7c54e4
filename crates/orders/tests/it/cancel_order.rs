//! Customers call orders back, at every point of the way.

use crate::broker::timeline;
use crate::broker::{deliver, happy_answers, order_after, placed, progressed, sent_types, status, take_outbox};
use crate::sample::{ALICE, BOB, count, now};
use domain::ids::{OrderId, UserId};
use domain::order::OrderStatus;
use domain::saga::Pace;
use domain::shipment::ShipmentStatus::HandedOver;
use futures::future::join_all;
use messaging::{Relay, Trace};
use orders::{CancelError, CancelOrder, CancelOutcome, cancel_order};
use platform::witness::Unwitnessed;
use sqlx::PgPool;
use uuid::Uuid;

async fn cancel(pool: &PgPool, order: OrderId, customer: Option<UserId>) -> Result<CancelOutcome, CancelError> {
    let request = CancelOrder {
        order_id: order,
        customer,
        actor: format!("customer:{ALICE}"),
        reason: "customer_request".to_owned(),
        trace: Trace { correlation_id: "cancel-request".to_owned(), causation_id: None, traceparent: None },
    };
    cancel_order(pool, &Relay::default(), request, Pace::REAL, now(), &Unwitnessed).await
}

/// Has every question answered until nothing more is asked.
async fn settle(pool: &PgPool) {
    loop {
        let answers = happy_answers(&take_outbox(pool).await);
        if answers.is_empty() {
            return;
        }
        deliver(pool, answers).await;
    }
}

async fn is_undone_after(pool: &PgPool, answers: usize, expected: &[&str]) {
    let order = order_after(pool, answers).await;
    take_outbox(pool).await;

    let outcome = cancel(pool, order, Some(ALICE)).await.expect("cancelled");
    let asked = sent_types(pool).await;

    assert_eq!((outcome.status, outcome.already), (OrderStatus::Cancelling, false));
    assert_eq!(asked, expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_stock_is_asked_for_it_is_released(pool: PgPool) {
    is_undone_after(&pool, 0, &["inventory.release.v1", "order.changed.v1"]).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_the_payment_is_asked_for_it_is_voided(pool: PgPool) {
    is_undone_after(&pool, 1, &["payment.void.v1", "order.changed.v1"]).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_shipments_are_asked_for_they_are_called_back(pool: PgPool) {
    is_undone_after(&pool, 2, &["shipment.cancel.v1", "order.changed.v1"]).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_confirmed_order_is_undone_step_by_step(pool: PgPool) {
    let order = order_after(&pool, 3).await;
    take_outbox(&pool).await;

    cancel(&pool, order, Some(ALICE)).await.unwrap();
    settle(&pool).await;

    assert_eq!(status(&pool, order).await, "cancelled");
    let told = ["cancelling", "shipments_cancelled", "payment_voided", "stock_released", "cancelled"];
    assert_eq!(timeline(&pool, order).await[4..], told);
    let asked =
        "SELECT count(*) FROM orders.events WHERE kind = 'cancelling' AND actor LIKE 'customer:%' AND cause IS NULL";
    assert_eq!(count(&pool, asked).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn calling_it_back_again_is_answered_with_where_it_stands(pool: PgPool) {
    let order = placed(&pool, 1).await[0];
    let first = cancel(&pool, order, None).await.unwrap();
    take_outbox(&pool).await;

    let second = cancel(&pool, order, Some(ALICE)).await.unwrap();

    assert_eq!(second, CancelOutcome { already: true, ..first });
    assert_eq!(sent_types(&pool).await, [""; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn somebody_elses_order_is_not_there(pool: PgPool) {
    let order = placed(&pool, 1).await[0];

    let bobs = cancel(&pool, order, Some(BOB)).await;
    let nobodys = cancel(&pool, OrderId::from_uuid(Uuid::now_v7()), None).await;

    assert!(matches!(bobs, Err(CancelError::NotFound)), "{bobs:?}");
    assert!(matches!(nobodys, Err(CancelError::NotFound)), "{nobodys:?}");
    assert_eq!(status(&pool, order).await, "pending");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipped_order_is_not_called_back(pool: PgPool) {
    let order = order_after(&pool, 3).await;
    deliver(&pool, vec![progressed(order, HandedOver)]).await;

    let refused = cancel(&pool, order, Some(ALICE)).await;

    assert!(matches!(refused, Err(CancelError::Refused { status: OrderStatus::Shipped })), "{refused:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn answers_and_cancellations_that_race_come_to_one_end(pool: PgPool) {
    let orders = placed(&pool, 30).await;
    let answers = happy_answers(&take_outbox(&pool).await);

    let cancellations = join_all(orders.iter().map(|order| cancel(&pool, *order, None)));
    let (_verdicts, cancelled) = futures::join!(deliver(&pool, answers), cancellations);
    settle(&pool).await;

    assert!(cancelled.iter().all(Result::is_ok), "{cancelled:?}");
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders WHERE status = 'cancelled'").await, 30);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.sagas WHERE active").await, 0);
}
