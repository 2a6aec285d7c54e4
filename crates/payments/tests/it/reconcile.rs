//! Operations of unknown outcome are asked about again, by the slice's own commands.

use crate::harness::{Desk, HASTY, PATIENT, authorize, capture, captured, deliver, new_order, void, voided};
use chrono::TimeDelta;
use domain::messages::PaymentCommand;
use messaging::Relay;
use payments::reconcile_payments;
use platform::clock::now;
use sqlx::PgPool;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(10);

/// What the slice asks itself `minutes` from now, with the ids of the messages.
async fn asked(pool: &PgPool, minutes: i64) -> Vec<(uuid::Uuid, PaymentCommand)> {
    let at = now() + TimeDelta::minutes(minutes);
    reconcile_payments(pool, &Relay::default(), PATIENCE, at, 10).await.expect("looked");
    let said: Vec<(uuid::Uuid, String)> = sqlx::query_as("DELETE FROM messaging.outbox RETURNING message_id, payload")
        .fetch_all(pool)
        .await
        .expect("read");
    said.into_iter().map(|(id, payload)| (id, serde_json::from_str(&payload).expect("a command"))).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_capture_that_a_crash_left_started_is_asked_for_again_under_one_id(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    desk.insist(&authorize(order, "sim_ok")).await;
    desk.begin(&[deliver(&capture(order, 1, 600))], now()).await;

    assert_eq!(asked(&pool, 9).await, []);
    let first = asked(&pool, 11).await;
    assert_eq!(asked(&pool, 12).await, [], "not again before its time");
    let second = asked(&pool, 22).await;

    assert_eq!(commands(&first), [capture(order, 1, 600)]);
    assert_eq!(first, second, "it is one question, with one id");
    assert_eq!(desk.insist(&first[0].1).await, captured(order, 1, 600));
    assert_eq!(asked(&pool, 60).await, [], "it is settled");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_nobody_waits_for_is_asked_for_again(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    desk.insist(&authorize(order, "sim_ok")).await;
    desk.begin(&[deliver(&void(order))], now()).await;

    let again = asked(&pool, 11).await;

    assert_eq!(commands(&again), [void(order)]);
    assert_eq!(desk.insist(&again[0].1).await, voided(order, None));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorization_is_asked_for_by_its_order_alone(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &HASTY), new_order());
    desk.handle(&authorize(order, "sim_timeout")).await.expect_err("the answer is lost");

    assert_eq!(asked(&pool, 60).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_the_gateway_may_have_forgotten_is_left_to_people(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    desk.insist(&authorize(order, "sim_ok")).await;
    desk.begin(&[deliver(&capture(order, 1, 600))], now()).await;

    assert_eq!(asked(&pool, 24 * 60).await, []);
}

fn commands(asked: &[(uuid::Uuid, PaymentCommand)]) -> Vec<PaymentCommand> {
    asked.iter().map(|(_id, command)| command.clone()).collect()
}
