//! Silence moves orders, too.

use crate::broker::{Sent, deliver, happy_answers, order_after, placed, sent_types, status, take_outbox, timeline};
use crate::fixtures::{count, execute, now};
use domain::Timestamp;
use domain::messages::Queue;
use domain::saga::Pace;
use messaging::Relay;
use orders::wake_stalled_sagas;
use sqlx::PgPool;
use std::collections::HashSet;
use std::time::Duration;

const LIMIT: u16 = 256;
const DAY: Duration = Duration::from_hours(24);

async fn wake(pool: &PgPool, now: Timestamp, limit: u16) -> usize {
    wake_stalled_sagas(pool, &Relay::default(), Pace::REAL, &[], now, limit).await.expect("woken")
}

/// Somebody has received these, and did not handle them.
async fn receive(pool: &PgPool, sent: &[Sent]) {
    for message in sent {
        let receipt = sqlx::query("INSERT INTO messaging.receipts (message_id, consumer) VALUES ($1, 'test')");
        receipt.bind(message.id).execute(pool).await.expect("received");
    }
}

fn in_an_hour() -> Timestamp {
    now() + Duration::from_hours(1)
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_left_alone_until_its_deadline(pool: PgPool) {
    placed(&pool, 3).await;
    take_outbox(&pool).await;

    assert_eq!(wake(&pool, now(), LIMIT).await, 0);
    assert_eq!(sent_types(&pool).await, [""; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_command_that_nobody_received_is_sent_again_under_its_id(pool: PgPool) {
    let order = placed(&pool, 1).await[0];
    let lost = take_outbox(&pool).await;

    let woken = wake(&pool, in_an_hour(), LIMIT).await;

    let again = take_outbox(&pool).await;
    assert_eq!((woken, again.len(), again[0].type_name.as_str()), (1, 1, "inventory.reserve.v1"));
    assert!(lost.iter().any(|message| message.id == again[0].id));
    deliver(&pool, happy_answers(&again)).await;
    assert_eq!(timeline(&pool, order).await, ["accepted", "stock_reserved"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_command_that_was_received_and_not_answered_is_sent_again_under_a_new_id(pool: PgPool) {
    placed(&pool, 1).await;
    let unanswered = take_outbox(&pool).await;
    receive(&pool, &unanswered).await;

    let woken = wake(&pool, in_an_hour(), LIMIT).await;

    let again = take_outbox(&pool).await;
    assert_eq!((woken, again.len(), again[0].type_name.as_str()), (1, 1, "inventory.reserve.v1"));
    assert!(unanswered.iter().all(|message| message.id != again[0].id));
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_a_queue_has_no_consumer_its_orders_wait_and_no_command_is_sent_again(pool: PgPool) {
    let orders = placed(&pool, 2).await;
    let (waits, other) = (orders[0], orders[1]);
    let mut first = take_outbox(&pool).await;
    first.retain(|sent| sent.payload.contains(&waits.to_string()));
    deliver(&pool, happy_answers(&first)).await;
    take_outbox(&pool).await;
    let (relay, later) = (Relay::default(), in_an_hour());

    let woken = wake_stalled_sagas(&pool, &relay, Pace::REAL, &[Queue::Payments], later, LIMIT).await;

    let sent = take_outbox(&pool).await;
    assert_eq!((woken.expect("woken"), sent.len()), (2, 1));
    assert!(sent[0].payload.contains(&other.to_string()), "{waits} waits");
    assert_eq!(wake(&pool, later, LIMIT).await, 0, "looked at again later");
    let nobody = wake_stalled_sagas(&pool, &relay, Pace::REAL, &[Queue::Orders], later + DAY, LIMIT).await;
    assert_eq!(nobody.expect("looked"), 0, "without a consumer of replies nobody could answer");
    assert_eq!(timeline(&pool, waits).await, ["accepted", "stock_reserved"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_wakers_at_once_ask_each_question_once(pool: PgPool) {
    let orders = placed(&pool, 100).await;
    take_outbox(&pool).await;
    let later = in_an_hour();

    let (one, other) = futures::join!(wake(&pool, later, LIMIT), wake(&pool, later, LIMIT));
    let rest = wake(&pool, later, LIMIT).await;

    let sent = take_outbox(&pool).await;
    let ids: HashSet<_> = sent.iter().map(|message| message.id).collect();
    assert_eq!((one + other + rest, sent.len(), ids.len()), (orders.len(), orders.len(), orders.len()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_more_are_woken_than_asked_for_and_the_longest_waiting_first(pool: PgPool) {
    let orders = placed(&pool, 5).await;
    take_outbox(&pool).await;
    sqlx::query("UPDATE orders.sagas SET deadline_at = deadline_at - interval '1 minute' WHERE order_id = $1")
        .bind(orders[3].as_uuid())
        .execute(&pool)
        .await
        .unwrap();

    let woken = wake(&pool, in_an_hour(), 1).await;

    assert_eq!(woken, 1);
    assert!(take_outbox(&pool).await[0].payload.contains(&orders[3].to_string()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_nobody_answers_ends_rejected(pool: PgPool) {
    let order = order_after(&pool, 1).await;
    let mut asked = take_outbox(&pool).await;

    for hour in 1..=4 {
        receive(&pool, &asked).await;
        wake(&pool, now() + Duration::from_hours(hour), LIMIT).await;
        asked = take_outbox(&pool).await;
    }
    let undo: Vec<_> = asked.into_iter().filter(|sent| sent.type_name == "payment.void.v1").collect();
    deliver(&pool, happy_answers(&undo)).await;
    deliver(&pool, happy_answers(&take_outbox(&pool).await)).await;

    assert_eq!(status(&pool, order).await, "rejected");
    let told = ["step_given_up", "payment_voided", "stock_released", "rejected"];
    assert_eq!(timeline(&pool, order).await[2..], told);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.events WHERE actor = 'scheduler'").await, 1);
    assert_eq!(wake(&pool, now() + Duration::from_hours(9), LIMIT).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn nobody_is_woken_while_the_broker_is_away(pool: PgPool) {
    placed(&pool, 3).await;
    execute(&pool, "UPDATE messaging.outbox SET created_at = now() - interval '1 minute'").await;
    let waiting = count(&pool, "SELECT count(*) FROM messaging.outbox").await;

    let woken = wake(&pool, in_an_hour(), LIMIT).await;

    assert_eq!(woken, 0);
    assert_eq!(count(&pool, "SELECT count(*) FROM messaging.outbox").await, waiting);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_message_that_the_broker_refuses_keeps_nobody_asleep(pool: PgPool) {
    placed(&pool, 1).await;
    execute(&pool, "UPDATE messaging.outbox SET created_at = now() - interval '1 minute', attempts = 7").await;

    assert_eq!(wake(&pool, in_an_hour(), LIMIT).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_saga_that_can_not_be_read_does_not_stand_in_the_way(pool: PgPool) {
    placed(&pool, 3).await;
    take_outbox(&pool).await;
    execute(
        &pool,
        "UPDATE orders.sagas SET state = '{}' WHERE order_id = (SELECT min(id::text)::uuid FROM orders.orders)",
    )
    .await;
    let later = in_an_hour();

    let woken = wake(&pool, later, LIMIT).await;

    assert_eq!((woken, take_outbox(&pool).await.len()), (3, 2));
    assert_eq!(wake(&pool, later, LIMIT).await, 0);
}
