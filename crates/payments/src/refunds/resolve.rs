//! Use case: a person resolves a refund whose outcome nobody can look up, or acknowledges a refused one.

use super::error::RefundError;
use super::locked::{LockedRefunds, audit_state};
use super::outcome::outcome_message;
use crate::changes::PaymentChanges;
use crate::store::{Cause, OperationStatus, Refund, SettledOperation, StoredPayment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, RefundId};
use domain::payment::{Operation, Payment, Refusal};
use domain::refund::{RefundResolution, RefundStatus};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;

/// The reason of a refund that a person found not to be executed.
const NOT_EXECUTED: &str = "not_executed";

#[derive(Debug, Clone)]
pub struct ResolveRefund {
    pub order_id: OrderId,
    pub refund_id: RefundId,
    pub resolution: RefundResolution,
    /// How the person knows; for the audit log.
    pub evidence: String,
    pub trace: Trace,
}

/// Records what the person found out. The gateway is not called.
pub async fn resolve_refund(
    context: &WriteContext,
    request: ResolveRefund,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Refund>),
) -> Result<Refund, RefundError> {
    let mut work = UnitOfWork::begin(context).await?;
    let locked = LockedRefunds::of(&mut work, request.order_id).await?;
    let before = locked.find(request.refund_id)?;
    let (refund, changes) = match before.status.resolve(request.resolution)? {
        Applied::Unchanged => acknowledged(&before, now),
        Applied::Changed(status) => resolved(locked.payment, &before, status, now)?,
    };
    let (subject, after) = (format!("order:{}", request.order_id), Some(audit_state(&refund)));
    let (reason, before) = (Some(request.evidence), Some(audit_state(&before)));
    audit.record(&mut work, AuditRecord { action: "refund.resolve", subject, reason, before, after }).await?;
    audit.store_response(&mut work, &refund).await?;
    work.send(outcome_message(&refund, request.trace, now));
    work.commit(changes, now).await?;
    Ok(refund)
}

/// A person leaves a refund that the gateway refused.
fn acknowledged(before: &Refund, now: Timestamp) -> (Refund, PaymentChanges) {
    if before.is_acknowledged {
        return (before.clone(), PaymentChanges::default());
    }
    let refund = Refund { is_acknowledged: true, updated_at: now, ..before.clone() };
    (refund.clone(), PaymentChanges { refunds: vec![refund], ..PaymentChanges::default() })
}

/// The refund, its operation and its payment after the resolution.
fn resolved(
    stored: StoredPayment,
    before: &Refund,
    status: RefundStatus,
    now: Timestamp,
) -> Result<(Refund, PaymentChanges), Refusal> {
    let (cause, is_done) = (before.cause().to_string(), status == RefundStatus::Succeeded);
    let error = (!is_done).then(|| NOT_EXECUTED.to_owned());
    let refund = Refund { status, error: error.clone(), is_acknowledged: !is_done, updated_at: now, ..before.clone() };
    let refunded = Operation::Refund(cause.clone());
    let operation = SettledOperation {
        order_id: before.order_id,
        key: refunded.key(before.order_id),
        status: if is_done { OperationStatus::Succeeded } else { OperationStatus::Declined },
        amount_minor: None,
        error,
        reference: None,
    };
    let mut changes =
        PaymentChanges { settled: vec![operation], refunds: vec![refund.clone()], ..PaymentChanges::default() };
    if let Applied::Changed(payment) = settled(stored.payment.clone(), &cause, is_done)? {
        let (order_id, gateway) = (stored.order_id, &stored.gateway);
        // Its first call, as nobody knows better: most are executed on that day.
        let executed_at = stored.operations.get(&refunded.key(order_id)).map(|operation| operation.created_at);
        let shown = Cause { order_id, gateway, operation: refunded, message_id: None, executed_at };
        changes.entries = shown.entries(&stored.payment, &payment);
        changes.payments = vec![StoredPayment { payment, ..stored }];
    }
    Ok((refund, changes))
}

fn settled(payment: Payment, cause: &String, is_done: bool) -> Result<Applied<Payment>, Refusal> {
    if is_done { payment.refunded(cause) } else { payment.refund_declined(cause, NOT_EXECUTED.to_owned()) }
}
