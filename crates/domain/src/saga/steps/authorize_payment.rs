//! Authorizes the order's total with its payment method.

use super::{CompensationOutcome, Step, StepOutcome};
use crate::ids::OrderId;
use crate::messages::{AuthorizePayment, PaymentCommand, Queue, Reply, VoidPayment};
use crate::money::Money;
use crate::order::{Order, TimelineEntry};
use crate::saga::allocation::SagaAllocation;
use crate::saga::command::Command;
use crate::saga::error::SagaError;
use crate::saga::retry_policy::Backoff;
use crate::step_name::StepName;
use std::time::Duration;

pub const AUTHORIZE_PAYMENT: Step = Step {
    name: StepName::AuthorizePayment,
    queue: Queue::Payments,
    backoff: Backoff { initial: Duration::from_secs(30), factor: 2, max: Duration::from_mins(5) },
    attempts_max: 4,
    unavailable: "payment_unavailable",
    waiting: None,
    command,
    compensation,
    on_reply,
    on_compensation_reply,
    compensated: || TimelineEntry::PaymentVoided { refunded: None },
    can_be_too_late: false,
    is_effect: |reply| matches!(reply, Reply::PaymentAuthorized(_) | Reply::PaymentCaptured(_)),
};

fn command(order: &Order, _allocation: &SagaAllocation) -> Command {
    let (order_id, amount, method) = (order.id, order.total, order.payment_method.clone());
    let customer_id = order.customer_id;
    Command::Payment(PaymentCommand::Authorize(AuthorizePayment { order_id, amount, method, customer_id }))
}

fn compensation(order_id: OrderId) -> Command {
    Command::Payment(PaymentCommand::Void(VoidPayment { order_id }))
}

fn on_reply(reply: &Reply, order: &Order, _allocation: &SagaAllocation) -> Result<Option<StepOutcome>, SagaError> {
    Ok(match reply {
        Reply::PaymentAuthorized(reply) => {
            let amount = expect_full_amount(reply.amount, order.total)?;
            Some(StepOutcome::Done { entry: TimelineEntry::PaymentAuthorized { amount }, allocation: None })
        }
        Reply::PaymentDeclined(reply) => {
            let (entry, reason) =
                (TimelineEntry::PaymentDeclined { reason: reply.reason.clone() }, reply.reason.clone());
            Some(StepOutcome::Refused { entry, reason })
        }
        _ => None,
    })
}

/// A payment is authorized for the order's full amount, or not at all.
fn expect_full_amount(amount: Money, total: Money) -> Result<Money, SagaError> {
    if amount != total {
        return Err(SagaError::Contradiction(format!("{amount} was authorized, but the order's total is {total}")));
    }
    Ok(amount)
}

fn on_compensation_reply(reply: &Reply) -> Option<CompensationOutcome> {
    let Reply::PaymentVoided(reply) = reply else { return None };
    Some(CompensationOutcome::Done(TimelineEntry::PaymentVoided { refunded: reply.refunded }))
}
