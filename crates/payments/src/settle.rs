//! The second transaction: what the gateway said, and what each command is answered.
//!
//! The payment is read again under its lock, and every report is applied to what it is by now: whoever else settled
//! first has been heard, and a command is answered from the state that all reports together have made.

use crate::call::{Answer, Report};
use crate::error::PaymentsError;
use crate::gateway::Outcome;
use crate::store::{self, OperationStatus, SettledOperation, Stored};
use domain::Timestamp;
use domain::messages::PaymentCommand;
use domain::order::Applied;
use domain::payment::{Operation, Payment, Refusal, VOIDED};
use messaging::{Delivery, Handled, Verdict};
use sqlx::PgConnection;

#[derive(Default)]
struct Books {
    payments: Vec<Stored>,
    operations: Vec<SettledOperation>,
}

pub(crate) async fn settle(
    tx: &mut PgConnection,
    batch: &[Delivery<PaymentCommand>],
    answers: Vec<Answer>,
    now: Timestamp,
) -> Result<Handled, PaymentsError> {
    let orders: Vec<_> = batch.iter().map(|delivery| delivery.header.subject).collect();
    let mut stored = store::lock_payments(tx, &orders).await?;
    let (mut handled, mut books) = (Handled::default(), Books::default());
    for (delivery, answer) in batch.iter().zip(answers) {
        let verdict = match (answer, stored.remove(&delivery.header.subject)) {
            (Answer::Refused(refusal), _) => Verdict::Poison(refusal.to_string()),
            (_, None) => Verdict::Poison(Refusal::NoPayment.to_string()),
            (answer, Some(stored)) => conclude(stored, delivery, answer, now, &mut books, &mut handled),
        };
        handled.verdicts.push(verdict);
    }
    store::save(tx, &books.payments, &books.operations, now).await?;
    Ok(handled)
}

fn conclude(
    mut stored: Stored,
    delivery: &Delivery<PaymentCommand>,
    answer: Answer,
    now: Timestamp,
    books: &mut Books,
    handled: &mut Handled,
) -> Verdict {
    let (report, forgotten) = match answer {
        Answer::Heard(report) => (Some(report), false),
        Answer::Forgotten(report) => (Some(report), true),
        Answer::Nothing | Answer::Refused(_) => (None, false),
    };
    let unsettled = report.and_then(|report| record(&mut stored, &report, books));
    match stored.payment.answer_to(&delivery.command) {
        Ok(Some(reply)) => {
            handled.outgoing.push(delivery.reply(&reply, now));
            Verdict::Done
        }
        Ok(None) => {
            let why = unsettled.unwrap_or_else(|| "a void is under way".to_owned());
            let correlation_id = delivery.header.trace.correlation_id.as_str();
            tracing::warn!(order.id = %stored.order_id, correlation_id, attempt = delivery.attempt, why, "Payment not settled");
            if forgotten { Verdict::Poison(why) } else { Verdict::Retry(why) }
        }
        Err(refusal) => Verdict::Poison(refusal.to_string()),
    }
}

/// Takes the report into the payment and the books; what remains unsettled by it, and why.
fn record(stored: &mut Stored, report: &Report, books: &mut Books) -> Option<String> {
    let mut entry = SettledOperation::of(stored.order_id, report);
    match heard(stored.payment.clone(), report) {
        Ok(Applied::Now(payment)) => {
            stored.payment = payment;
            books.payments.push(stored.clone());
        }
        Ok(Applied::Already) => {}
        Err(refusal) => entry = entry.doubted(&refusal.to_string()),
    }
    if let Report::Void(Outcome::Answered(found)) = report {
        match &stored.payment {
            Payment::Voiding { .. } => entry = entry.doubted("the gateway has not found what we know to be authorized"),
            _ => books.operations.extend(explain_authorization(stored, found.authorized)),
        }
    }
    let unsettled = (entry.status == OperationStatus::Unknown).then(|| entry.error.clone()).flatten();
    let before = stored.operations.get(&entry.key);
    if before.is_none_or(|before| !before.status.is_final() || entry.status.is_final()) {
        books.operations.push(entry);
    }
    unsettled
}

fn heard(payment: Payment, report: &Report) -> Result<Applied<Payment>, Refusal> {
    match report {
        Report::Authorize(amount, Outcome::Answered(_)) => Ok(payment.authorized(*amount)),
        Report::Authorize(_, Outcome::Declined { reason }) => Ok(payment.declined(reason.clone())),
        Report::Capture(shipment, Outcome::Answered(_)) => payment.captured(*shipment),
        Report::Capture(shipment, Outcome::Declined { reason }) => payment.capture_declined(*shipment, reason.clone()),
        Report::Refund(cause, Outcome::Answered(_)) => payment.refunded(cause),
        Report::Refund(cause, Outcome::Declined { reason }) => payment.refund_declined(cause, reason.clone()),
        Report::Void(Outcome::Answered(found)) => payment.voided(*found),
        // An undo is never refused for good: it is tried until it works.
        Report::Void(Outcome::Declined { .. } | Outcome::Unknown { .. })
        | Report::Authorize(_, Outcome::Unknown { .. })
        | Report::Capture(_, Outcome::Unknown { .. })
        | Report::Refund(_, Outcome::Unknown { .. }) => Ok(Applied::Already),
    }
}

/// A void ends the doubt about the authorization: the gateway told whether there was one.
fn explain_authorization(stored: &Stored, authorized: bool) -> Option<SettledOperation> {
    let key = Operation::Authorize.key(stored.order_id);
    let doubtful = stored.operations.get(&key).is_some_and(|before| !before.status.is_final());
    doubtful.then(|| SettledOperation {
        order_id: stored.order_id,
        key,
        status: if authorized { OperationStatus::Succeeded } else { OperationStatus::Declined },
        amount_minor: None,
        error: (!authorized).then(|| VOIDED.to_owned()),
        reference: None,
    })
}
