//! The second transaction: stores the gateway's responses, and replies to each command.
//!
//! The payment is read again under its lock, and the report is applied to its current state, which includes reports
//! that other transactions settled first. The reply follows from the state after all reports.

use crate::call::{CallResult, Report};
use crate::changes::PaymentChanges;
use crate::error::PaymentsError;
use crate::gateway::{Outcome, Voided};
use crate::refunds::{RefundsOfBatch, request_lines, unresolved};
use crate::store::{self, Cause, OperationStatus, SettledOperation, StoredPayment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::MessageId;
use domain::messages::{PaymentCommand, Reply};
use domain::payment::{Operation, Payment, Refusal, VOIDED};
use messaging::{Delivery, Handled, Verdict};
use sqlx::PgConnection;

pub(crate) async fn settle(
    tx: &mut PgConnection,
    batch: &[Delivery<PaymentCommand>],
    results: Vec<CallResult>,
    now: Timestamp,
) -> Result<Handled<PaymentChanges>, PaymentsError> {
    let orders: Vec<_> = batch.iter().map(|delivery| delivery.header.subject).collect();
    let mut stored = store::lock_payments(tx, &orders).await?;
    let refunds = RefundsOfBatch::of(tx, batch).await?;
    let (mut handled, mut changes) = (Handled::default(), PaymentChanges::default());
    for (delivery, result) in batch.iter().zip(results) {
        if let PaymentCommand::RefundLines(command) = &delivery.command {
            let (payment, refunds) = (stored.remove(&command.order_id), refunds.of_order(command.order_id));
            handled.outgoing.extend(request_lines(payment, &refunds, delivery, command, &mut changes, now));
            handled.verdicts.push(Verdict::Done);
            continue;
        }
        let verdict = match (result, stored.remove(&delivery.header.subject)) {
            (CallResult::Refused(refusal), _) => Verdict::Poison(refusal.to_string()),
            (_, None) => Verdict::Poison(Refusal::NoPayment.to_string()),
            (result, Some(stored)) => {
                let (verdict, reply) = apply_and_reply(stored, delivery, result, &refunds, &mut changes);
                handled.outgoing.extend(reply.map(|reply| delivery.reply(&reply, now)));
                verdict
            }
        };
        handled.verdicts.push(verdict);
    }
    Ok(Handled { changes, ..handled })
}

/// Applies the result of the call, and replies if the payment's new state has a reply.
fn apply_and_reply(
    mut stored: StoredPayment,
    delivery: &Delivery<PaymentCommand>,
    result: CallResult,
    refunds: &RefundsOfBatch,
    changes: &mut PaymentChanges,
) -> (Verdict, Option<Reply>) {
    let (report, key_expired) = match result {
        CallResult::Reported(report) => (Some(report), false),
        CallResult::KeyExpired(report) => (Some(report), true),
        CallResult::NotNeeded | CallResult::Refused(_) => (None, false),
    };
    let unknown_reason = report.and_then(|report| apply_result(&mut stored, &report, delivery.header.id, changes));
    let refund = refunds.changed_by(&stored, &delivery.command, (unknown_reason.as_ref(), key_expired));
    let needs_review = refund.as_ref().and_then(unresolved);
    changes.refunds.extend(refund);
    match stored.payment.reply_to(&delivery.command) {
        Ok(Some(reply)) => (Verdict::Done, Some(reply)),
        Ok(None) if needs_review.is_some() => (Verdict::Done, needs_review),
        Ok(None) => {
            let why = unknown_reason.unwrap_or_else(|| "a void is under way".to_owned());
            let correlation_id = delivery.header.trace.correlation_id.as_str();
            let attempt = delivery.attempt;
            tracing::warn!(order.id = %stored.order_id, correlation_id, attempt, why, "Payment not settled");
            (if key_expired { Verdict::Poison(why) } else { Verdict::Retry(why) }, None)
        }
        Err(refusal) => (Verdict::Poison(refusal.to_string()), None),
    }
}

/// Applies the report to the payment and adds the changed rows to `changes`. If the operation's outcome is still
/// unknown, returns the reason.
fn apply_result(
    stored: &mut StoredPayment,
    report: &Report,
    message_id: MessageId,
    changes: &mut PaymentChanges,
) -> Option<String> {
    let mut operation = SettledOperation::of(stored.order_id, report);
    match apply_report(stored.payment.clone(), report) {
        Ok(Applied::Changed(payment)) => {
            let cause = Cause::of(stored.order_id, &stored.gateway, report, message_id);
            changes.entries.extend(cause.entries(&stored.payment, &payment));
            stored.payment = payment;
            changes.payments.push(stored.clone());
        }
        Ok(Applied::Unchanged) => {}
        Err(refusal) => operation = operation.mark_unknown(&refusal.to_string()),
    }
    if let Report::Void(Outcome::Succeeded(Voided { found, .. })) = report {
        match &stored.payment {
            Payment::Voiding { .. } => {
                operation = operation.mark_unknown("the gateway did not find an authorization that it had confirmed");
            }
            _ => changes.settled.extend(resolve_authorization(stored, found.authorized)),
        }
    }
    let unknown_reason = (operation.status == OperationStatus::Unknown).then(|| operation.error.clone()).flatten();
    let before = stored.operations.get(&operation.key);
    // A late report does not undo a final outcome, such as one that a person has recorded.
    if before.is_none_or(|before| !before.status.is_final() || operation.status == OperationStatus::Succeeded) {
        changes.settled.push(operation);
    }
    unknown_reason
}

fn apply_report(payment: Payment, report: &Report) -> Result<Applied<Payment>, Refusal> {
    match report {
        Report::Authorize(amount, Outcome::Succeeded(_)) => Ok(payment.authorized(*amount)),
        Report::Authorize(_, Outcome::Declined { reason }) => Ok(payment.declined(reason.clone())),
        Report::Capture(capture, Outcome::Succeeded(_)) => payment.captured(*capture),
        Report::Capture(capture, Outcome::Declined { reason }) => payment.capture_declined(*capture, reason.clone()),
        Report::Refund(cause, Outcome::Succeeded(_)) => payment.refunded(cause),
        Report::Refund(cause, Outcome::Declined { reason }) => payment.refund_declined(cause, reason.clone()),
        Report::Reauthorize(attempt, Outcome::Succeeded(_)) => payment.reauthorized(*attempt),
        Report::Reauthorize(attempt, Outcome::Declined { reason }) => {
            payment.reauthorization_declined(*attempt, reason.clone())
        }
        Report::Void(Outcome::Succeeded(Voided { found, .. })) => payment.voided(*found),
        // A declined void is not final, because it is a compensation: it is retried until it succeeds.
        Report::Void(Outcome::Declined { .. } | Outcome::Unknown { .. })
        | Report::Authorize(_, Outcome::Unknown { .. })
        | Report::Capture(_, Outcome::Unknown { .. })
        | Report::Refund(_, Outcome::Unknown { .. })
        | Report::Reauthorize(_, Outcome::Unknown { .. }) => Ok(Applied::Unchanged),
    }
}

/// The status of an authorization of unknown outcome, after the void's response showed whether it existed.
fn resolve_authorization(stored: &StoredPayment, authorized: bool) -> Option<SettledOperation> {
    let key = Operation::Authorize.key(stored.order_id);
    let is_unknown = stored.operations.get(&key).is_some_and(|before| !before.status.is_final());
    is_unknown.then(|| SettledOperation {
        order_id: stored.order_id,
        key,
        status: if authorized { OperationStatus::Succeeded } else { OperationStatus::Declined },
        amount_minor: None,
        error: (!authorized).then(|| VOIDED.to_owned()),
        reference: None,
    })
}
