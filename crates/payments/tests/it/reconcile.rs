//! Operations of unknown outcome are retried by commands that the slice publishes to its own queue.

use crate::harness::{
    Harness, LONG_TIMEOUT, SHORT_TIMEOUT, authorize, capture, captured, deliver, new_order, reauthorize, void, voided,
};
use chrono::TimeDelta;
use domain::messages::{PaymentCommand, PaymentReauthorized, Reply};
use messaging::WriteContext;
use payments::reconcile_payments;
use platform::clock::now;
use sqlx::PgPool;
use std::time::Duration;

const MIN_AGE: Duration = Duration::from_mins(10);

/// The commands that the slice publishes `minutes` from now, with the message ids.
async fn published(pool: &PgPool, minutes: i64) -> Vec<(uuid::Uuid, PaymentCommand)> {
    let at = now() + TimeDelta::minutes(minutes);
    reconcile_payments(&WriteContext::of(pool.clone()), MIN_AGE, at, 10).await.expect("reconciled");
    let messages: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("DELETE FROM messaging.outbox RETURNING message_id, payload")
            .fetch_all(pool)
            .await
            .expect("read");
    messages.into_iter().map(|(id, payload)| (id, serde_json::from_str(&payload).expect("a command"))).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_capture_that_a_crash_left_started_is_retried_under_one_message_id(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_ok")).await;
    harness.begin(&[deliver(&capture(order, 1, 600))], now()).await;

    assert_eq!(published(&pool, 9).await, []);
    let first = published(&pool, 11).await;
    assert_eq!(published(&pool, 12).await, [], "not again before the minimum age");
    let second = published(&pool, 22).await;

    assert_eq!(commands(&first), [capture(order, 1, 600)]);
    assert_eq!(first, second, "both commands have the same message id");
    assert_eq!(harness.handle_until_reply(&first[0].1).await, captured(order, 1, 600));
    assert_eq!(published(&pool, 60).await, [], "it is settled");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_no_saga_waits_for_is_retried(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_ok")).await;
    harness.begin(&[deliver(&void(order))], now()).await;

    let again = published(&pool, 11).await;

    assert_eq!(commands(&again), [void(order)]);
    assert_eq!(harness.handle_until_reply(&again[0].1).await, voided(order, None));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reauthorization_that_a_crash_left_started_is_retried(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order_id, "sim_ok")).await;
    harness.begin(&[deliver(&reauthorize(order_id, 1))], now()).await;

    let again = published(&pool, 11).await;

    assert_eq!(commands(&again), [reauthorize(order_id, 1)]);
    let reauthorized = Reply::PaymentReauthorized(PaymentReauthorized { order_id, attempt: 1 });
    assert_eq!(harness.handle_until_reply(&again[0].1).await, reauthorized);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorization_is_retried_by_its_saga_only(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &SHORT_TIMEOUT), new_order());
    harness.handle(&authorize(order, "sim_timeout")).await.expect_err("the response is lost");

    assert_eq!(published(&pool, 60).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_operation_whose_key_may_have_expired_is_not_retried(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_ok")).await;
    harness.begin(&[deliver(&capture(order, 1, 600))], now()).await;

    assert_eq!(published(&pool, 24 * 60).await, []);
}

fn commands(published: &[(uuid::Uuid, PaymentCommand)]) -> Vec<PaymentCommand> {
    published.iter().map(|(_id, command)| command.clone()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn operations_of_a_payment_that_is_being_settled_are_left_to_the_next_run(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_ok")).await;
    harness.begin(&[deliver(&capture(order, 1, 600))], now()).await;
    let mut settling = platform::postgres::begin(&pool).await.expect("a transaction");
    let lock = "SELECT FROM payments.payments WHERE order_id = $1 FOR NO KEY UPDATE";
    sqlx::query(lock).bind(order.as_uuid()).execute(&mut *settling).await.expect("locked");

    let meanwhile = published(&pool, 11).await;
    settling.rollback().await.expect("released");

    assert_eq!(meanwhile, []);
    assert_eq!(commands(&published(&pool, 11).await), [capture(order, 1, 600)]);
}
