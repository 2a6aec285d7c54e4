//! Refunds from the request to their outcome: never more than was captured, whatever happens in between.

use crate::harness::{AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, deliver, new_order, usd};
use crate::ledger::{assert_settled, ledger_row};
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::messages::{PaymentCommand, PaymentRefunded, Reply};
use domain::refund::{
    LineUnits, RefundReason, RefundRefusal, RefundResolution, RefundScope, RefundStatus, Refundable, RefundableLine,
};
use messaging::{Trace, WriteContext};
use payments::{
    Refund, RefundError, RefundRequest, ResolveRefund, RetryRefund, find_payment, find_refunds, preview_refund,
    remove_orders, request_refund, resolve_refund, retry_refund,
};
use platform::audit::NoAudit;
use platform::clock::now;
use sqlx::PgPool;
use std::num::NonZeroU64;
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

pub fn of_line(line_no: i16, quantity: u32) -> RefundScope {
    RefundScope::Lines(vec![LineUnits { line_no, quantity: quantity.try_into().expect("a quantity") }])
}

fn amount(minor: u64) -> RefundScope {
    RefundScope::Amount(NonZeroU64::new(minor).expect("an amount"))
}

fn trace() -> Trace {
    Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None }
}

pub struct Captured {
    pub harness: Harness,
    pub order_id: OrderId,
}

impl Captured {
    pub async fn with(pool: &PgPool, method: &str) -> Self {
        let (harness, order_id) = (Harness::new(pool, &LONG_TIMEOUT), new_order());
        harness.handle_until_reply(&authorize(order_id, method)).await;
        harness.handle_until_reply(&capture(order_id, 1, AMOUNT)).await;
        Self { harness, order_id }
    }

    pub fn context(&self) -> WriteContext {
        WriteContext::of(self.harness.pool.clone())
    }

    pub async fn request(&self, scope: RefundScope) -> Result<Refund, RefundError> {
        self.request_at(scope, now()).await
    }

    pub async fn request_at(&self, scope: RefundScope, at: Timestamp) -> Result<Refund, RefundError> {
        let (id, order_id) = (RefundId::from_uuid(Uuid::now_v7()), self.order_id);
        let request =
            RefundRequest { id, order_id, order: order(), scope, reason: RefundReason::Damaged, trace: trace() };
        request_refund(&self.context(), request, at, &NoAudit).await
    }

    pub async fn retry(&self, refund_id: RefundId) -> Result<Refund, RefundError> {
        let (order_id, reason) = (self.order_id, "the account is open again".to_owned());
        let request = RetryRefund { order_id, refund_id, order: order(), reason, trace: trace() };
        retry_refund(&self.context(), request, now(), &NoAudit).await
    }

    pub async fn resolve(&self, refund_id: RefundId, resolution: RefundResolution) -> Result<Refund, RefundError> {
        self.resolve_at(refund_id, resolution, now()).await
    }

    pub async fn resolve_at(
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
    pub async fn sent<M: serde::de::DeserializeOwned>(&self) -> Vec<M> {
        let payloads: Vec<(String,)> = sqlx::query_as("DELETE FROM messaging.outbox RETURNING payload")
            .fetch_all(&self.harness.pool)
            .await
            .expect("read");
        payloads.iter().map(|(payload,)| serde_json::from_str(payload).expect("a message")).collect()
    }

    /// Handles the commands in the outbox until they have their replies.
    pub async fn settle(&self) -> Vec<Reply> {
        let mut replies = Vec::new();
        for command in self.sent::<PaymentCommand>().await {
            replies.push(self.harness.handle_until_reply(&command).await);
        }
        replies
    }

    pub async fn only(&self) -> Refund {
        let mut refunds = find_refunds(&self.harness.pool, self.order_id).await.expect("read");
        assert_eq!(refunds.len(), 1);
        refunds.remove(0)
    }

    pub async fn refunded_minor(&self) -> i64 {
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
