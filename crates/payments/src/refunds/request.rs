//! Use case: requests a refund.

use super::error::RefundError;
use super::locked::{LockedRefunds, audit_state, command};
use crate::changes::PaymentChanges;
use crate::store::{self, Refund, StartedOperation};
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::refund::{REFUNDS_MAX, RefundQuote, RefundReason, RefundRefusal, RefundScope, Refundable};
use messaging::{Trace, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;

#[derive(Debug, Clone)]
pub struct RefundRequest {
    /// Of the new refund.
    pub id: RefundId,
    pub order_id: OrderId,
    pub order: Refundable,
    pub scope: RefundScope,
    pub reason: RefundReason,
    pub trace: Trace,
}

/// Stores a pending refund and sends its command. The audit record and the response for the idempotency key are stored
/// in the same transaction.
pub async fn request_refund(
    context: &WriteContext,
    request: RefundRequest,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Refund>),
) -> Result<Refund, RefundError> {
    let mut work = UnitOfWork::begin(context).await?;
    let locked = LockedRefunds::of(&mut work, request.order_id).await?;
    if locked.refunds.len() >= REFUNDS_MAX {
        return Err(RefundRefusal::TooManyRefunds(locked.refunds.len()).into());
    }
    let quote = RefundQuote::of(
        &request.order,
        &locked.earlier(),
        (locked.captured_minor(), locked.left_minor()),
        &request.scope,
    )?;
    let refund = locked.first_attempt(request.id, request.scope.kind(), request.reason, quote, now)?;
    let started = start(&locked, &refund)?;
    store::insert_refund(&mut work, &refund).await?;
    let (subject, after) = (format!("order:{}", refund.order_id), Some(audit_state(&refund)));
    let reason = Some(refund.reason.to_string());
    audit.record(&mut work, AuditRecord { action: "refund.request", subject, reason, before: None, after }).await?;
    audit.store_response(&mut work, &refund).await?;
    work.send([command(&refund, request.trace)]);
    work.commit(PaymentChanges { started: vec![started], ..PaymentChanges::default() }, now).await?;
    Ok(refund)
}

/// The operation of the refund's current attempt, if the payment allows it.
///
/// It is stored as started: its amount counts as refunded from now on, and it is sent again if its command is lost.
pub(super) fn start(locked: &LockedRefunds, refund: &Refund) -> Result<StartedOperation, RefundError> {
    let (payment, cause) = (&locked.payment, refund.cause().to_string());
    payment.payment.clone().refund(cause.clone(), refund.amount)?;
    Ok(StartedOperation::refund(refund.order_id, payment.gateway.clone(), cause, refund.amount.amount_minor))
}
