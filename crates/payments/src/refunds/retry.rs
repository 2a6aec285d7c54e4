//! Use case: requests a refused refund again. A gateway refuses for good under one key, so the attempt has a new one.

use super::error::RefundError;
use super::locked::{LockedRefunds, audit_state, command};
use super::request::start;
use crate::changes::PaymentChanges;
use crate::store::Refund;
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, RefundId};
use domain::refund::{RefundTransition, Refundable};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;

#[derive(Debug, Clone)]
pub struct RetryRefund {
    pub order_id: OrderId,
    pub refund_id: RefundId,
    pub order: Refundable,
    /// Why it may succeed now; for the audit log.
    pub reason: String,
    pub trace: Trace,
}

/// Sends the command again, unless what was refused has been refunded otherwise.
pub async fn retry_refund(
    context: &WriteContext,
    request: RetryRefund,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Refund>),
) -> Result<Refund, RefundError> {
    let mut work = UnitOfWork::begin(context).await?;
    let locked = LockedRefunds::of(&mut work, request.order_id).await?;
    let before = locked.find(request.refund_id)?;
    let Applied::Changed(status) = before.status.apply(RefundTransition::Retry)? else { return Ok(before) };
    let amounts = (locked.captured_minor(), locked.left_minor());
    before.quote().check(&request.order, &locked.earlier(), amounts)?;
    let attempt = before.attempt + 1;
    let refund = Refund { status, attempt, error: None, is_acknowledged: false, updated_at: now, ..before.clone() };
    let started = start(&locked, &refund)?;
    let (subject, reason) = (format!("order:{}", request.order_id), Some(request.reason));
    let (before, after) = (Some(audit_state(&before)), Some(audit_state(&refund)));
    audit.record(&mut work, AuditRecord { action: "refund.retry", subject, reason, before, after }).await?;
    audit.store_response(&mut work, &refund).await?;
    work.send([command(&refund, request.trace)]);
    let (started, refunds) = (vec![started], vec![refund.clone()]);
    work.commit(PaymentChanges { started, refunds, ..PaymentChanges::default() }, now).await?;
    Ok(refund)
}
