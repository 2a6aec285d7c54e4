//! Handles the command that requests a refund of units which came back. It becomes a refund like any other, once per id,
//! and the command that executes it. A repeated command gets the reply to that refund's outcome, or none while it is
//! open.

use super::error::RefundError;
use super::locked::{LockedRefunds, command as refund_command};
use super::outcome::outcome;
use super::request::start;
use crate::changes::PaymentChanges;
use crate::store::{Refund, StartedOperation, StoredPayment};
use domain::Timestamp;
use domain::messages::{PaymentCommand, PaymentRefundLinesRefused, RefundLines, Reply};
use domain::refund::{RefundQuote, RefundRefusal, RefundScopeKind};
use messaging::{Delivery, Outgoing};

/// The payment and the refunds of its order are locked; `stored` is `None` for an order without a payment.
pub(crate) fn request_lines(
    stored: Option<StoredPayment>,
    refunds: &[Refund],
    delivery: &Delivery<PaymentCommand>,
    command: &RefundLines,
    changes: &mut PaymentChanges,
    now: Timestamp,
) -> Option<Outgoing> {
    if let Some(refund) = refunds.iter().find(|refund| refund.id == command.refund_id) {
        return outcome(refund).map(|reply| delivery.reply(&reply, now));
    }
    let requested = match stored {
        Some(payment) => pending_refund(&LockedRefunds { payment, refunds: refunds.to_vec() }, command, now),
        None => Err(RefundRefusal::NothingLeft.into()),
    };
    match requested {
        Ok((started, refund)) => {
            let message = refund_command(&refund, delivery.header.caused());
            changes.started.push(started);
            changes.new_refunds.push(refund);
            Some(message)
        }
        Err(refusal) => Some(delivery.reply(&refused(command, &refusal, refunds), now)),
    }
}

fn pending_refund(
    locked: &LockedRefunds,
    command: &RefundLines,
    now: Timestamp,
) -> Result<(StartedOperation, Refund), RefundError> {
    let money = (locked.captured_minor(), locked.left_minor());
    let quote = RefundQuote::of_return(&command.order, &locked.earlier(), money, &command.units)?;
    let refund = locked.first_attempt(command.refund_id, RefundScopeKind::Lines, command.reason, quote, now)?;
    Ok((start(locked, &refund)?, refund))
}

/// Final if nothing is left for good: a refund without an outcome may be refused, and a void may refund the payment.
fn refused(command: &RefundLines, refusal: &RefundError, refunds: &[Refund]) -> Reply {
    let is_nothing =
        matches!(refusal, RefundError::Refused(RefundRefusal::NothingLeft | RefundRefusal::NothingToRefund));
    Reply::PaymentRefundLinesRefused(PaymentRefundLinesRefused {
        order_id: command.order_id,
        refund_id: command.refund_id,
        reason: refusal.to_string(),
        is_final: is_nothing && refunds.iter().all(Refund::has_outcome),
    })
}
