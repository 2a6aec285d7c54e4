//! Sagas past their deadline send their command again, or give up the step.

use crate::broker::{Sent, deliver, drain_outbox, order_after, placed, sent_types, status, success_replies, timeline};
use crate::fixtures::{count, execute, now};
use domain::Timestamp;
use domain::messages::Queue;
use messaging::WriteContext;
use orders::wake_stalled_sagas;
use sqlx::PgPool;
use std::collections::HashSet;
use std::time::Duration;

const LIMIT: u16 = 256;
const DAY: Duration = Duration::from_hours(24);

async fn wake(pool: &PgPool, now: Timestamp, limit: u16) -> usize {
    wake_stalled_sagas(&WriteContext::of(pool.clone()), &[], now, limit).await.expect("woken")
}

/// A consumer has received the messages, and did not process them.
async fn mark_received(pool: &PgPool, sent: &[Sent]) {
    for message in sent {
        let receipt = sqlx::query("INSERT INTO messaging.receipts (message_id, consumer) VALUES ($1, 'test')");
        receipt.bind(message.id).execute(pool).await.expect("received");
    }
}

fn in_an_hour() -> Timestamp {
    now() + Duration::from_hours(1)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_saga_is_not_woken_before_its_deadline(pool: PgPool) {
    placed(&pool, 3).await;
    drain_outbox(&pool).await;

    assert_eq!(wake(&pool, now(), LIMIT).await, 0);
    assert_eq!(sent_types(&pool).await, [""; 0]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_command_that_was_not_received_is_sent_again_under_its_id(pool: PgPool) {
    let order = placed(&pool, 1).await[0];
    let lost = drain_outbox(&pool).await;

    let woken = wake(&pool, in_an_hour(), LIMIT).await;

    let again = drain_outbox(&pool).await;
    assert_eq!((woken, again.len(), again[0].type_name.as_str()), (1, 1, "inventory.reserve.v1"));
    assert!(lost.iter().any(|message| message.id == again[0].id));
    deliver(&pool, success_replies(&again)).await;
    assert_eq!(timeline(&pool, order).await, ["accepted", "stock_reserved"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_command_that_was_received_and_got_no_reply_is_sent_again_under_a_new_id(pool: PgPool) {
    placed(&pool, 1).await;
    let unanswered = drain_outbox(&pool).await;
    mark_received(&pool, &unanswered).await;

    let woken = wake(&pool, in_an_hour(), LIMIT).await;

    let again = drain_outbox(&pool).await;
    assert_eq!((woken, again.len(), again[0].type_name.as_str()), (1, 1, "inventory.reserve.v1"));
    assert!(unanswered.iter().all(|message| message.id != again[0].id));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_command_of_an_order_so_old_that_the_inbox_forgets_it_counts_as_an_attempt(pool: PgPool) {
    placed(&pool, 1).await;
    let lost = drain_outbox(&pool).await;

    let woken = wake(&pool, now() + Duration::from_hours(15 * 24), LIMIT).await;

    let again = drain_outbox(&pool).await;
    assert_eq!((woken, again.len(), again[0].type_name.as_str()), (1, 1, "inventory.reserve.v1"));
    assert!(lost.iter().all(|message| message.id != again[0].id), "its steps would never be given up");
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_a_queue_has_no_consumer_its_orders_wait_and_no_command_is_sent_again(pool: PgPool) {
    let orders = placed(&pool, 2).await;
    let (waits, other) = (orders[0], orders[1]);
    let mut first = drain_outbox(&pool).await;
    first.retain(|sent| sent.payload.contains(&waits.to_string()));
    deliver(&pool, success_replies(&first)).await;
    drain_outbox(&pool).await;
    let (context, later) = (WriteContext::of(pool.clone()), in_an_hour());

    let woken = wake_stalled_sagas(&context, &[Queue::Payments], later, LIMIT).await;

    let sent = drain_outbox(&pool).await;
    assert_eq!((woken.expect("woken"), sent.len()), (2, 1));
    assert!(sent[0].payload.contains(&other.to_string()), "{waits} waits");
    assert_eq!(wake(&pool, later, LIMIT).await, 0, "its deadline is postponed");
    let without_replies = wake_stalled_sagas(&context, &[Queue::Orders], later + DAY, LIMIT).await;
    assert_eq!(without_replies.expect("done"), 0, "no saga is woken without a consumer of replies");
    assert_eq!(timeline(&pool, waits).await, ["accepted", "stock_reserved"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_calls_send_each_command_once(pool: PgPool) {
    let orders = placed(&pool, 100).await;
    drain_outbox(&pool).await;
    let later = in_an_hour();

    let (one, other) = futures::join!(wake(&pool, later, LIMIT), wake(&pool, later, LIMIT));
    let rest = wake(&pool, later, LIMIT).await;

    let sent = drain_outbox(&pool).await;
    let ids: HashSet<_> = sent.iter().map(|message| message.id).collect();
    assert_eq!((one + other + rest, sent.len(), ids.len()), (orders.len(), orders.len(), orders.len()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn at_most_limit_sagas_are_woken_and_the_longest_waiting_first(pool: PgPool) {
    let orders = placed(&pool, 5).await;
    drain_outbox(&pool).await;
    sqlx::query("UPDATE orders.sagas SET deadline_at = deadline_at - interval '1 minute' WHERE order_id = $1")
        .bind(orders[3].as_uuid())
        .execute(&pool)
        .await
        .unwrap();

    let woken = wake(&pool, in_an_hour(), 1).await;

    assert_eq!(woken, 1);
    assert!(drain_outbox(&pool).await[0].payload.contains(&orders[3].to_string()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_without_replies_is_rejected(pool: PgPool) {
    let order = order_after(&pool, 1).await;
    let mut sent = drain_outbox(&pool).await;

    for hour in 1..=4 {
        mark_received(&pool, &sent).await;
        wake(&pool, now() + Duration::from_hours(hour), LIMIT).await;
        sent = drain_outbox(&pool).await;
    }
    let undo: Vec<_> = sent.into_iter().filter(|message| message.type_name == "payment.void.v1").collect();
    deliver(&pool, success_replies(&undo)).await;
    deliver(&pool, success_replies(&drain_outbox(&pool).await)).await;

    assert_eq!(status(&pool, order).await, "rejected");
    let undone = ["step_given_up", "payment_voided", "stock_released", "rejected"];
    assert_eq!(timeline(&pool, order).await[2..], undone);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.events WHERE actor = 'scheduler'").await, 1);
    assert_eq!(wake(&pool, now() + Duration::from_hours(9), LIMIT).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_saga_is_woken_while_the_broker_is_unavailable(pool: PgPool) {
    placed(&pool, 3).await;
    execute(&pool, "UPDATE messaging.outbox SET created_at = now() - interval '1 minute'").await;
    let waiting = count(&pool, "SELECT count(*) FROM messaging.outbox").await;

    let woken = wake(&pool, in_an_hour(), LIMIT).await;

    assert_eq!(woken, 0);
    assert_eq!(count(&pool, "SELECT count(*) FROM messaging.outbox").await, waiting);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_message_that_the_broker_refuses_does_not_stop_the_waking(pool: PgPool) {
    placed(&pool, 1).await;
    execute(&pool, "UPDATE messaging.outbox SET created_at = now() - interval '1 minute', attempts = 7").await;

    assert_eq!(wake(&pool, in_an_hour(), LIMIT).await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_saga_that_can_not_be_read_does_not_block_the_others(pool: PgPool) {
    placed(&pool, 3).await;
    drain_outbox(&pool).await;
    execute(
        &pool,
        "UPDATE orders.sagas SET state = '{}' WHERE order_id = (SELECT min(id::text)::uuid FROM orders.orders)",
    )
    .await;
    let later = in_an_hour();

    let woken = wake(&pool, later, LIMIT).await;

    assert_eq!((woken, drain_outbox(&pool).await.len()), (3, 2));
    assert_eq!(wake(&pool, later, LIMIT).await, 0);
}
