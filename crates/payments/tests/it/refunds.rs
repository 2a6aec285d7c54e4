//! Refunds from the request to their outcome: never more than was captured, whatever happens in between.

use crate::harness::{AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, deliver, new_order, usd};
use crate::ledger::{assert_settled, ledger_row};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::messages::{PaymentCommand, PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, Reply};
use domain::refund::{
    LineUnits, RefundReason, RefundRefusal, RefundResolution, RefundScope, RefundStatus, Refundable, RefundableLine,
};
use messaging::{Trace, WriteContext};
use payments::{
    Refund, RefundError, RefundRequest, ResolveRefund, RetryRefund, find_payment, find_refunds, preview_refund,
    reconcile_payments, remove_orders, request_refund, resolve_refund, retry_refund,
};
use platform::audit::NoAudit;
use platform::clock::now;
use sqlx::PgPool;
use std::num::NonZeroU64;
use std::time::Duration;
use uuid::Uuid;

/// Three units of 300 and one of 80, with shipping of 20.
fn order() -> Refundable {
    let line = |line_no, units, price| RefundableLine {
        line_no,
        ordered_units: units,
        captured_units: units,
        total_minor: units * price,
        tax_minor: 0,
        discount_minor: 0,
    };
    Refundable { lines: vec![line(1, 3, 300), line(2, 1, 80)], shipping_minor: 20, captured_minor: AMOUNT }
}

fn of_line(line_no: i16, quantity: u32) -> RefundScope {
    RefundScope::Lines(vec![LineUnits { line_no, quantity: quantity.try_into().expect("a quantity") }])
}

fn amount(minor: u64) -> RefundScope {
    RefundScope::Amount(NonZeroU64::new(minor).expect("an amount"))
}

fn trace() -> Trace {
    Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None }
}

struct Captured {
    harness: Harness,
    order_id: OrderId,
}

impl Captured {
    async fn with(pool: &PgPool, method: &str) -> Self {
        let (harness, order_id) = (Harness::new(pool, &LONG_TIMEOUT), new_order());
        harness.handle_until_reply(&authorize(order_id, method)).await;
        harness.handle_until_reply(&capture(order_id, 1, AMOUNT)).await;
        Self { harness, order_id }
    }

    fn context(&self) -> WriteContext {
        WriteContext::of(self.harness.pool.clone())
    }

    async fn request(&self, scope: RefundScope) -> Result<Refund, RefundError> {
        self.request_at(scope, now()).await
    }

    async fn request_at(&self, scope: RefundScope, at: Timestamp) -> Result<Refund, RefundError> {
        let (id, order_id) = (RefundId::from_uuid(Uuid::now_v7()), self.order_id);
        let request =
            RefundRequest { id, order_id, order: order(), scope, reason: RefundReason::Damaged, trace: trace() };
        request_refund(&self.context(), request, at, &NoAudit).await
    }

    async fn retry(&self, refund_id: RefundId) -> Result<Refund, RefundError> {
        let (order_id, reason) = (self.order_id, "the account is open again".to_owned());
        let request = RetryRefund { order_id, refund_id, order: order(), reason, trace: trace() };
        retry_refund(&self.context(), request, now(), &NoAudit).await
    }

    async fn resolve(&self, refund_id: RefundId, resolution: RefundResolution) -> Result<Refund, RefundError> {
        self.resolve_at(refund_id, resolution, now()).await
    }

    async fn resolve_at(
        &self,
        refund_id: RefundId,
        resolution: RefundResolution,
        at: Timestamp,
    ) -> Result<Refund, RefundError> {
        let (order_id, evidence) = (self.order_id, "seen in the gateway's report".to_owned());
        let request = ResolveRefund { order_id, refund_id, resolution, evidence, trace: trace() };
        resolve_refund(&self.context(), request, at, &NoAudit).await
    }

    /// The messages in the outbox, which are removed.
    async fn sent<M: serde::de::DeserializeOwned>(&self) -> Vec<M> {
        let payloads: Vec<(String,)> = sqlx::query_as("DELETE FROM messaging.outbox RETURNING payload")
            .fetch_all(&self.harness.pool)
            .await
            .expect("read");
        payloads.iter().map(|(payload,)| serde_json::from_str(payload).expect("a message")).collect()
    }

    /// Handles the commands in the outbox until they have their replies.
    async fn settle(&self) -> Vec<Reply> {
        let mut replies = Vec::new();
        for command in self.sent::<PaymentCommand>().await {
            replies.push(self.harness.handle_until_reply(&command).await);
        }
        replies
    }

    async fn only(&self) -> Refund {
        let mut refunds = find_refunds(&self.harness.pool, self.order_id).await.expect("read");
        assert_eq!(refunds.len(), 1);
        refunds.remove(0)
    }

    async fn refunded_minor(&self) -> i64 {
        self.harness.payment(self.order_id).await.refunded_minor
    }
}

fn refusal(outcome: Result<Refund, RefundError>) -> RefundRefusal {
    match outcome {
        Err(RefundError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_is_stored_with_its_lines_and_executed_once(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;

    let requested = captured.request(of_line(1, 2)).await.expect("requested");
    assert_eq!((requested.status, requested.amount), (RefundStatus::Pending, usd(612)));
    assert_eq!((requested.lines[0].units, requested.lines[0].amount_minor, requested.shipping_minor), (2, 600, 12));
    assert_eq!(captured.only().await, requested);
    let replies = captured.settle().await;

    let (order_id, cause) = (captured.order_id, requested.id.to_string());
    assert_eq!(replies, [Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount: usd(612) })]);
    assert_eq!(captured.only().await.status, RefundStatus::Succeeded);
    assert_eq!(captured.refunded_minor().await, 612);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn line_by_line_an_order_is_refunded_exactly(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;

    for line in [1, 2, 1, 1] {
        captured.request(of_line(line, 1)).await.expect("requested");
        captured.settle().await;
    }

    assert_eq!(captured.refunded_minor().await, AMOUNT);
    assert_eq!(refusal(captured.request(RefundScope::Whole).await), RefundRefusal::NothingLeft);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn fifty_concurrent_refunds_never_exceed_what_was_captured(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;

    let requests = (0..50).map(|number| {
        captured.request(match number % 3 {
            0 => amount(70),
            1 => of_line(1, 1),
            _ => RefundScope::Whole,
        })
    });
    let outcomes = futures::future::join_all(requests).await;

    let accepted: i64 = outcomes.iter().flatten().map(|refund| refund.amount.amount_minor).sum();
    assert!(accepted <= AMOUNT, "{accepted}");
    assert!(outcomes.iter().all(|it| matches!(it, Ok(_) | Err(RefundError::Refused(_)))), "{outcomes:?}");
    captured.settle().await;
    assert_eq!(captured.refunded_minor().await, accepted);
    let rest = captured.request(RefundScope::Whole).await.map_or(0, |refund| refund.amount.amount_minor);
    captured.settle().await;
    assert_eq!(accepted + rest, AMOUNT);
    assert_eq!(captured.refunded_minor().await, AMOUNT);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_preview_changes_nothing_and_equals_the_refund(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;

    let preview = preview_refund(&pool, captured.order_id, &order(), &of_line(1, 1)).await.expect("possible");
    assert!(find_refunds(&pool, captured.order_id).await.expect("read").is_empty());
    let refund = captured.request(of_line(1, 1)).await.expect("requested");

    let (quote, total) = preview;
    assert_eq!((total, quote.lines, quote.shipping_minor), (refund.amount, refund.lines, refund.shipping_minor));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_response_is_unknown_until_the_refund_is_found(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_timeout").await;
    captured.request(RefundScope::Whole).await.expect("requested");
    let command = captured.sent::<PaymentCommand>().await.remove(0);

    captured.harness.handle(&command).await.expect_err("the response is lost");
    let unknown = captured.only().await;
    let left = captured.request(amount(1)).await;

    assert_eq!(unknown.status, RefundStatus::Unknown);
    assert!(unknown.error.is_some_and(|why| why.contains("broke")));
    assert_eq!(refusal(left), RefundRefusal::NothingLeft, "it may be executed");
    captured.harness.handle_until_reply(&command).await;
    let found = captured.only().await;
    assert_eq!((found.status, found.error), (RefundStatus::Succeeded, None));
    let row = ledger_row(&pool, captured.order_id).await.expect("authorized");
    assert_eq!(row.refunded_minor, AMOUNT);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_refund_counts_no_longer_and_is_retried_under_another_key(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_refund_declined").await;
    let id = captured.request(of_line(2, 1)).await.expect("requested").id;

    let replies = captured.settle().await;
    let refused = captured.only().await;
    assert!(matches!(&replies[..], [Reply::PaymentRefundRefused(reply)] if reply.reason == "expired"), "{replies:?}");
    assert_eq!((refused.status, refused.error.as_deref()), (RefundStatus::Refused, Some("expired")));
    assert_eq!(captured.harness.payment(captured.order_id).await.refunded_minor, 0);

    let retried = captured.retry(id).await.expect("retried");
    assert_eq!((retried.status, retried.attempt), (RefundStatus::Pending, 2));
    captured.settle().await;
    assert_eq!(captured.only().await.status, RefundStatus::Succeeded);
    assert_eq!(captured.refunded_minor().await, refused.amount.amount_minor);
    assert!(matches!(captured.retry(id).await, Err(RefundError::Status(_))));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_refund_is_not_retried_when_its_units_are_refunded_otherwise(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_refund_declined").await;
    let id = captured.request(of_line(2, 1)).await.expect("requested").id;
    captured.settle().await;
    captured.request(of_line(2, 1)).await.expect("requested again");
    captured.settle().await;

    let refused = refusal(captured.retry(id).await);

    assert_eq!(refused, RefundRefusal::TooManyUnits { line_no: 2, requested: 1, left: 0 });
    assert_eq!(captured.refunded_minor().await, 81);
}

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

    let reply = captured.harness.handle(&crate::harness::refund(captured.order_id, &cause, AMOUNT)).await;

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

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_without_a_captured_payment_has_nothing_to_refund(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    let captured = Captured { harness, order_id };
    assert_eq!(refusal(captured.request(RefundScope::Whole).await), RefundRefusal::NothingLeft);

    captured.harness.handle_until_reply(&authorize(order_id, "sim_ok")).await;

    assert_eq!(refusal(captured.request(RefundScope::Whole).await), RefundRefusal::NothingLeft);
    assert!(matches!(captured.retry(RefundId::from_uuid(Uuid::nil())).await, Err(RefundError::NotFound)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_with_less_captured_than_authorized_is_removed_with_its_order(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order_id, "sim_ok")).await;
    assert!(remove_orders(&pool, &[order_id]).await.expect("asked").contains(&order_id), "money is held");
    harness.begin(&[deliver(&capture(order_id, 1, 600))], now()).await;
    assert!(remove_orders(&pool, &[order_id]).await.expect("asked").contains(&order_id), "a capture is under way");
    harness.handle_until_reply(&capture(order_id, 1, 600)).await;

    assert!(remove_orders(&pool, &[order_id]).await.expect("removed").is_empty());

    assert_eq!(find_payment(&pool, order_id).await.expect("read"), None);
}

#[sqlx::test(migrations = "../../migrations")]
async fn refunds_are_removed_with_their_order_once_they_are_settled(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    captured.request(of_line(1, 1)).await.expect("requested");

    let open = remove_orders(&pool, &[captured.order_id]).await.expect("removed");
    assert!(open.contains(&captured.order_id), "a refund is pending");
    captured.settle().await;
    let open = remove_orders(&pool, &[captured.order_id]).await.expect("removed");

    assert!(open.is_empty());
    let rows = "SELECT (SELECT count(*) FROM payments.refunds) + (SELECT count(*) FROM payments.refund_lines)";
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(&pool).await.expect("a count"), 0);
}
