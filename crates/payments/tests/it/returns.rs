//! The command that refunds units which came back: once per id, and never more than is captured and not refunded.

use crate::harness::{AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, deliver, new_order, void};
use domain::ids::{OrderId, RefundId};
use domain::messages::{PaymentCommand, PaymentRefundLinesRefused, RefundLines, RefundPayment, Reply};
use domain::refund::{LineUnits, RefundReason, RefundScope, RefundStatus, Refundable, RefundableLine};
use futures::future::join_all;
use messaging::{Begun, HandleWithProvider as _, Trace, UnitOfWork, WriteContext};
use payments::{Refund, RefundRequest, find_refunds, request_refund};
use platform::audit::NoAudit;
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

fn new_refund() -> RefundId {
    RefundId::from_uuid(Uuid::now_v7())
}

fn units(line_no: i16, quantity: u32) -> Vec<LineUnits> {
    vec![LineUnits { line_no, quantity: quantity.try_into().expect("a quantity") }]
}

struct Captured {
    harness: Harness,
    order_id: OrderId,
}

/// What a command sends.
#[derive(Debug, Clone, PartialEq)]
enum Sent {
    Reply(Reply),
    Command(RefundPayment),
}

impl Captured {
    async fn with(pool: &PgPool, method: &str) -> Self {
        let (harness, order_id) = (Harness::new(pool, &LONG_TIMEOUT), new_order());
        harness.handle_until_reply(&authorize(order_id, method)).await;
        harness.handle_until_reply(&capture(order_id, 1, AMOUNT)).await;
        Self { harness, order_id }
    }

    /// Handles the command in its two transactions; `None` if it sends nothing.
    async fn request(&self, refund_id: RefundId, units: Vec<LineUnits>) -> Option<Sent> {
        let (order_id, reason) = (self.order_id, RefundReason::Customer);
        let command = RefundLines { order_id, refund_id, reason, units, order: order() };
        let (batch, now) = ([deliver(&PaymentCommand::RefundLines(command))], platform::clock::now());
        let context = WriteContext::of(self.harness.pool.clone());
        let mut work = UnitOfWork::begin(&context).await.expect("a database");
        let Begun { calls, changes } = self.harness.payments.begin(&mut work, &batch, now).await.expect("begun");
        work.commit(changes, now).await.expect("committed");
        let results = self.harness.call(calls).await;
        let mut work = UnitOfWork::begin(&context).await.expect("a database");
        let handled = self.harness.payments.settle(&mut work, &batch, results, now).await.expect("settled");
        work.commit(handled.changes, now).await.expect("committed");
        assert_eq!(handled.verdicts, [messaging::Verdict::Done]);
        let message = handled.outgoing.first()?;
        Some(match serde_json::from_str(&message.payload) {
            Ok(PaymentCommand::Refund(command)) => Sent::Command(command),
            _ => Sent::Reply(serde_json::from_str(&message.payload).expect("a reply")),
        })
    }

    /// Requests the refund and executes it.
    async fn refund(&self, refund_id: RefundId, units: Vec<LineUnits>) -> Reply {
        match self.request(refund_id, units).await {
            Some(Sent::Command(command)) => self.harness.handle_until_reply(&PaymentCommand::Refund(command)).await,
            other => panic!("no refund is requested: {other:?}"),
        }
    }

    /// Requests the refund of an amount, which is pending then.
    async fn request_amount(&self, minor: u64) -> PaymentCommand {
        let (id, scope) = (new_refund(), RefundScope::Amount(NonZeroU64::new(minor).expect("an amount")));
        let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
        let (order_id, reason) = (self.order_id, RefundReason::Goodwill);
        let request = RefundRequest { id, order_id, order: order(), scope, reason, trace };
        let context = WriteContext::of(self.harness.pool.clone());
        let refund = request_refund(&context, request, platform::clock::now(), &NoAudit).await.expect("requested");
        PaymentCommand::Refund(RefundPayment { order_id, cause: refund.cause().to_string(), amount: refund.amount })
    }

    async fn refunds(&self) -> Vec<Refund> {
        find_refunds(&self.harness.pool, self.order_id).await.expect("read")
    }
}

fn nothing_left(order_id: OrderId, refund_id: RefundId, sent: Option<Sent>) {
    assert!(is_final(order_id, refund_id, sent));
}

/// Whether the refusal is final.
fn is_final(order_id: OrderId, refund_id: RefundId, sent: Option<Sent>) -> bool {
    let Some(Sent::Reply(Reply::PaymentRefundLinesRefused(refused))) = sent else { panic!("not refused: {sent:?}") };
    let PaymentRefundLinesRefused { is_final, .. } = refused.clone();
    assert_eq!((refused.order_id, refused.refund_id), (order_id, refund_id));
    is_final
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_request_refunds_once_and_gets_the_reply_of_its_refund(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    let id = new_refund();
    let Some(Sent::Command(command)) = captured.request(id, units(1, 2)).await else { panic!("no command") };
    assert_eq!(captured.request(id, units(1, 2)).await, None, "it is pending");

    let reply = captured.harness.handle_until_reply(&PaymentCommand::Refund(command)).await;

    assert_eq!(captured.request(id, units(1, 2)).await, Some(Sent::Reply(reply)));
    let refunds = captured.refunds().await;
    assert_eq!(refunds.len(), 1);
    // Of the shipping: 20 * 600 / 980.
    assert_eq!((refunds[0].amount.amount_minor, refunds[0].status), (612, RefundStatus::Succeeded));
    assert_eq!(captured.harness.payment(captured.order_id).await.refunded_minor, 612);
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_requests_of_one_refund_request_it_once(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    let id = new_refund();

    let sent = join_all((0..8).map(|_| captured.request(id, units(1, 3)))).await;

    assert_eq!(sent.iter().flatten().count(), 1);
    assert_eq!(captured.refunds().await.len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn units_and_amounts_that_were_refunded_before_are_not_refunded_again(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_ok").await;
    captured.refund(new_refund(), units(1, 2)).await;
    let amount = captured.request_amount(300).await;
    captured.harness.handle_until_reply(&amount).await;

    captured.refund(new_refund(), units(1, 3)).await;

    let refunds = captured.refunds().await;
    // What is left of 1,000 after 612 and 300, for the third unit.
    assert_eq!((refunds[2].amount.amount_minor, refunds[2].lines[0].units), (88, 1));
    let last = new_refund();
    nothing_left(captured.order_id, last, captured.request(last, units(2, 1)).await);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_pending_refund_takes_may_be_left_later(pool: PgPool) {
    let (captured, id) = (Captured::with(&pool, "sim_refund_declined").await, new_refund());
    let whole = captured.request_amount(u64::try_from(AMOUNT).unwrap()).await;
    assert!(!is_final(captured.order_id, id, captured.request(id, units(1, 1)).await));

    captured.harness.handle_until_reply(&whole).await;

    assert!(matches!(captured.request(id, units(1, 1)).await, Some(Sent::Command(_))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_without_a_captured_payment_has_nothing_to_refund(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    let (captured, id) = (Captured { harness, order_id }, new_refund());

    nothing_left(order_id, id, captured.request(id, units(1, 1)).await);
    captured.harness.handle_until_reply(&authorize(order_id, "sim_ok")).await;
    nothing_left(order_id, id, captured.request(id, units(1, 1)).await);
    captured.harness.handle_until_reply(&void(order_id)).await;
    nothing_left(order_id, id, captured.request(id, units(1, 1)).await);

    assert!(captured.refunds().await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refused_refund_of_a_return_stays_refused_when_it_is_requested_again(pool: PgPool) {
    let captured = Captured::with(&pool, "sim_refund_declined").await;
    let id = new_refund();
    let refused = captured.refund(id, units(1, 1)).await;
    assert!(matches!(refused, Reply::PaymentRefundRefused(_)), "{refused:?}");

    assert_eq!(captured.request(id, units(1, 1)).await, Some(Sent::Reply(refused)));
}
