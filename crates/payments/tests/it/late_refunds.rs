//! Refunds that task `reconcile_payments` looks after: without an outcome, behind their operation, or with an outcome that
//! the order may not have received.

use crate::harness::{self, AMOUNT};
use crate::ledger::assert_settled;
use crate::refunds::{Captured, of_line};
use chrono::TimeDelta;
use domain::messages::{PaymentCommand, PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, Reply};
use domain::refund::{RefundResolution, RefundScope, RefundStatus};
use payments::{Refund, RefundError, reconcile_payments};
use platform::clock::now;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// A refund whose response was lost a day ago.
async fn expired(pool: &PgPool) -> (Captured, Refund) {
    let captured = Captured::with(pool, "sim_flaky").await;
    let refund = captured.request_at(RefundScope::Whole, now() - TimeDelta::hours(24)).await.expect("requested");
    captured.sent::<PaymentCommand>().await;
    (captured, refund)
}

async fn reconcile(captured: &Captured) -> Vec<Reply> {
    reconcile_payments(&captured.context(), Duration::from_mins(10), now(), 10).await.expect("reconciled");
    captured.sent::<Reply>().await
}

fn unresolved(refund: &Refund) -> Reply {
    let (order_id, cause, amount) = (refund.order_id, refund.id.to_string(), refund.amount);
    Reply::PaymentRefundUnresolved(PaymentRefundUnresolved { order_id, cause, amount })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_that_can_not_be_looked_up_any_more_is_reviewed_by_a_person(pool: PgPool) {
    let (captured, refund) = expired(&pool).await;

    assert_eq!(reconcile(&captured).await, [unresolved(&refund)]);
    assert_eq!(captured.only().await.status, RefundStatus::ManualReview);
    assert_eq!(reconcile(&captured).await, [], "once");
    assert!(matches!(captured.retry(refund.id).await, Err(RefundError::Status(_))));

    let resolved = captured.resolve(refund.id, RefundResolution::Refused).await.expect("resolved");
    assert_eq!((resolved.status, resolved.error.as_deref()), (RefundStatus::Refused, Some("not_executed")));
    let (order_id, cause, amount) = (refund.order_id, refund.id.to_string(), refund.amount);
    let (reason, is_acknowledged) = ("not_executed".to_owned(), true);
    let reply = PaymentRefundRefused { order_id, cause, amount, reason, is_acknowledged };
    assert_eq!(captured.sent::<Reply>().await, [Reply::PaymentRefundRefused(reply)]);
    captured.request(RefundScope::Whole).await.expect("it counts no longer");
    captured.settle().await;
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_late_command_of_an_expired_refund_asks_for_a_review_too(pool: PgPool) {
    let (captured, refund) = expired(&pool).await;
    let cause = refund.cause().to_string();

    let reply = captured.harness.handle(&harness::refund(captured.order_id, &cause, AMOUNT)).await;

    assert_eq!(reply, Ok(unresolved(&refund)));
    assert_eq!(captured.only().await.status, RefundStatus::ManualReview);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_person_confirms_that_a_refund_was_executed(pool: PgPool) {
    let (captured, refund) = expired(&pool).await;
    reconcile(&captured).await;

    let resolved = captured.resolve(refund.id, RefundResolution::Succeeded).await.expect("resolved");

    assert_eq!(resolved.status, RefundStatus::Succeeded);
    assert_eq!(captured.refunded_minor().await, AMOUNT);
    let of_first_call = "SELECT entry.executed_at = operation.created_at FROM payments.ledger_entries entry
                         JOIN payments.operations operation USING (order_id, provider_key) WHERE entry.kind = 'refunded'";
    let is_of_first_call: bool = sqlx::query_scalar(of_first_call).fetch_one(&pool).await.expect("one entry");
    assert!(is_of_first_call, "the gateway reports it for the day of its first call");
    let (order_id, cause, amount) = (refund.order_id, refund.id.to_string(), refund.amount);
    assert_eq!(captured.sent::<Reply>().await, [Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })]);
    assert!(matches!(captured.resolve(refund.id, RefundResolution::Succeeded).await, Err(RefundError::Status(_))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_command_is_sent_again(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    captured.request(RefundScope::Whole).await.expect("requested");
    let lost = captured.sent::<PaymentCommand>().await;

    let later = now() + TimeDelta::minutes(11);
    reconcile_payments(&captured.context(), Duration::from_mins(10), later, 10).await.expect("reconciled");

    let again = captured.sent::<PaymentCommand>().await;
    assert_eq!(again, lost);
}

/// The outcomes that the task publishes `hours` from now, with their message ids.
async fn outcomes_after(captured: &Captured, hours: i64) -> Vec<(Uuid, Reply)> {
    let at = now() + TimeDelta::hours(hours);
    reconcile_payments(&captured.context(), Duration::from_mins(10), at, 10).await.expect("reconciled");
    let sent: Vec<(Uuid, String)> = sqlx::query_as("DELETE FROM messaging.outbox RETURNING message_id, payload")
        .fetch_all(&captured.harness.pool)
        .await
        .expect("read");
    sent.into_iter().map(|(id, payload)| (id, serde_json::from_str(&payload).expect("a reply"))).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_outcome_is_published_again_twice_and_then_no_more(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    captured.request(RefundScope::Whole).await.expect("requested");
    let replies = captured.settle().await;
    let settled_at = captured.only().await.updated_at;

    assert_eq!(outcomes_after(&captured, 0).await, [], "the reply is under way");
    let first = outcomes_after(&captured, 1).await;
    assert_eq!(outcomes_after(&captured, 2).await, []);
    let second = outcomes_after(&captured, 25).await;

    assert_eq!(first.iter().map(|(_, reply)| reply.clone()).collect::<Vec<_>>(), replies);
    assert_eq!(first, second, "under one message id");
    assert_eq!(outcomes_after(&captured, 26).await, []);
    assert_eq!(outcomes_after(&captured, 47).await, []);
    assert_eq!(captured.only().await.updated_at, settled_at);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_old_outcome_is_not_published_again(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    captured.request(RefundScope::Whole).await.expect("requested");
    captured.settle().await;

    assert_eq!(outcomes_after(&captured, 49).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_acknowledged_refusal_stays_acknowledged_when_it_is_published_again(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_refund_declined").await;
    let id = captured.request(of_line(2, 1)).await.expect("requested").id;
    captured.settle().await;
    let refused = outcomes_after(&captured, 1).await;

    let later = now() + TimeDelta::hours(2);
    let acknowledged = captured.resolve_at(id, RefundResolution::Refused, later).await.expect("acknowledged");
    captured.sent::<Reply>().await;
    let again = outcomes_after(&captured, 3).await;

    assert!(acknowledged.is_acknowledged);
    let is_acknowledged = |outcomes: &[(Uuid, Reply)]| match outcomes {
        [(_, Reply::PaymentRefundRefused(reply))] => reply.is_acknowledged,
        other => panic!("{other:?}"),
    };
    assert!(!is_acknowledged(&refused) && is_acknowledged(&again));
    assert_ne!(refused[0].0, again[0].0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_that_an_earlier_version_settled_gets_the_outcome_of_its_operation(pool: PgPool) {
    for (method, before, expected) in [
        ("sim_ok", "pending", RefundStatus::Succeeded),
        ("sim_refund_declined", "unknown", RefundStatus::Refused),
        ("sim_ok", "manual_review", RefundStatus::Succeeded),
    ] {
        let captured = Captured::with(&pool, method).await;
        captured.request(RefundScope::Whole).await.expect("requested");
        let replies = captured.settle().await;
        let behind = "UPDATE payments.refunds SET status = $1, error = NULL WHERE order_id = $2";
        let order_id = captured.order_id.as_uuid();
        sqlx::query(behind).bind(before).bind(order_id).execute(&pool).await.expect("behind");

        let outcomes = outcomes_after(&captured, 0).await;

        assert_eq!(captured.only().await.status, expected, "{before}");
        assert_eq!(outcomes.into_iter().map(|(_, reply)| reply).collect::<Vec<_>>(), replies);
    }
}

/// Neither task nor handler may wait for the other while it holds rows that the other needs.
#[sqlx::test(migrations = "../../migrations")]
async fn refunds_of_a_payment_that_is_being_settled_are_left_to_the_next_run(pool: PgPool) {
    let (captured, refund) = expired(&pool).await;
    let mut settling = platform::postgres::begin(&pool).await.expect("a transaction");
    let lock = "SELECT FROM payments.payments WHERE order_id = $1 FOR NO KEY UPDATE";
    sqlx::query(lock).bind(captured.order_id.as_uuid()).execute(&mut *settling).await.expect("locked");

    let meanwhile = reconcile(&captured).await;
    settling.rollback().await.expect("released");

    assert_eq!(meanwhile, []);
    assert_eq!(reconcile(&captured).await, [unresolved(&refund)]);
}
