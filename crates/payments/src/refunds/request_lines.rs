//! Handles the command that requests a refund of units which came back. It becomes a refund like any other, once per id,
//! and the command that executes it. A repeated command gets the reply to that refund's outcome, or none while it is
//! open.

use super::error::RefundError;
use super::locked::{LockedRefunds, command as refund_command};
use super::outcome::unresolved;
use super::request::start;
use crate::changes::PaymentChanges;
use crate::store::{Refund, StoredPayment};
use domain::Timestamp;
use domain::messages::{
    PaymentCommand, PaymentRefundLinesRefused, PaymentRefundRefused, PaymentRefunded, RefundLines, Reply,
};
use domain::money::Money;
use domain::refund::{RefundQuote, RefundRefusal, RefundScopeKind, RefundStatus};
use messaging::{Delivery, Outgoing};

/// What the reason of a refused refund is called if the gateway gave none.
const REFUSED: &str = "refused";

/// The payment and the refunds of its order are locked; `stored` is `None` for an order without a payment.
pub(crate) fn request_lines(
    stored: Option<StoredPayment>,
    refunds: Vec<Refund>,
    delivery: &Delivery<PaymentCommand>,
    command: &RefundLines,
    changes: &mut PaymentChanges,
    now: Timestamp,
) -> Option<Outgoing> {
    if let Some(refund) = refunds.iter().find(|refund| refund.id == command.refund_id) {
        return reply_to(refund).map(|reply| delivery.reply(&reply, now));
    }
    let requested = stored.ok_or_else(|| RefundRefusal::NothingLeft.into()).and_then(|payment| {
        let locked = LockedRefunds { payment, refunds };
        let refund = refund(&locked, command, now)?;
        Ok((start(&locked, &refund)?, refund))
    });
    match requested {
        Ok((started, refund)) => {
            let message = refund_command(&refund, delivery.header.caused());
            changes.started.push(started);
            changes.new_refunds.push(refund);
            Some(message)
        }
        Err(refusal) => Some(delivery.reply(&refused(command, &refusal), now)),
    }
}

fn refund(locked: &LockedRefunds, command: &RefundLines, now: Timestamp) -> Result<Refund, RefundError> {
    let quote = RefundQuote::of_return(&command.order, &locked.earlier(), locked.left_minor(), &command.units)?;
    let RefundQuote { amount_minor, lines, shipping_minor } = quote;
    let currency = locked.payment.payment.amount().ok_or(RefundRefusal::NothingLeft)?.currency;
    Ok(Refund {
        id: command.refund_id,
        order_id: command.order_id,
        scope: RefundScopeKind::Lines,
        reason: command.reason,
        status: RefundStatus::Pending,
        amount: Money { amount_minor, currency },
        shipping_minor,
        lines,
        attempt: 1,
        error: None,
        is_acknowledged: false,
        created_at: now,
        updated_at: now,
    })
}

fn reply_to(refund: &Refund) -> Option<Reply> {
    let (order_id, cause, amount) = (refund.order_id, refund.cause().to_string(), refund.amount);
    match refund.status {
        RefundStatus::Pending | RefundStatus::Unknown => None,
        RefundStatus::Succeeded => Some(Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })),
        RefundStatus::Refused => {
            let reason = refund.error.clone().unwrap_or_else(|| REFUSED.to_owned());
            let is_acknowledged = refund.is_acknowledged;
            let refused = PaymentRefundRefused { order_id, cause, amount, reason, is_acknowledged };
            Some(Reply::PaymentRefundRefused(refused))
        }
        RefundStatus::ManualReview => unresolved(refund),
    }
}

/// Final if nothing is left; a payment that is being voided, for instance, may be refunded by its void.
fn refused(command: &RefundLines, refusal: &RefundError) -> Reply {
    let is_nothing =
        matches!(refusal, RefundError::Refused(RefundRefusal::NothingLeft | RefundRefusal::NothingToRefund));
    Reply::PaymentRefundLinesRefused(PaymentRefundLinesRefused {
        order_id: command.order_id,
        refund_id: command.refund_id,
        reason: refusal.to_string(),
        is_final: is_nothing,
    })
}
