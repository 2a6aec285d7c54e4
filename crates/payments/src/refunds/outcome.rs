//! The status of a refund after its operation was called: it follows the payment's state, which the report has changed.

use crate::error::PaymentsError;
use crate::store::{self, Refund, StoredPayment};
use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::OrderId;
use domain::messages::{PaymentCommand, PaymentRefundRefused, PaymentRefundUnresolved, PaymentRefunded, Reply};
use domain::payment::OperationState;
use domain::refund::{RefundCause, RefundStatus, RefundTransition};
use messaging::{Delivery, Outgoing, Trace};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The refunds of the orders with refund commands in a batch.
#[derive(Debug, Default)]
pub(crate) struct RefundsOfBatch(HashMap<OrderId, Vec<Refund>>);

impl RefundsOfBatch {
    /// Reads nothing for a batch without refunds. The payments must be locked.
    pub async fn of(tx: &mut PgConnection, batch: &[Delivery<PaymentCommand>]) -> Result<Self, PaymentsError> {
        let is_about_refund =
            |command: &PaymentCommand| matches!(command, PaymentCommand::Refund(_) | PaymentCommand::RefundLines(_));
        let refunds = batch.iter().filter(|delivery| is_about_refund(&delivery.command));
        let orders: Vec<_> = refunds.map(|delivery| delivery.header.subject).collect();
        Ok(Self(store::find_refunds(tx, &orders).await?))
    }

    pub fn of_order(&self, order: OrderId) -> Vec<Refund> {
        self.0.get(&order).cloned().unwrap_or_default()
    }

    /// The refund that `command` executes, after its call, if its status changes. `error` is why its outcome is unknown.
    pub fn changed_by(
        &self,
        stored: &StoredPayment,
        command: &PaymentCommand,
        (error, key_expired): (Option<&String>, bool),
    ) -> Option<Refund> {
        let PaymentCommand::Refund(command) = command else { return None };
        let cause: RefundCause = command.cause.parse().ok()?;
        let refund = self.0.get(&command.order_id)?.iter().find(|refund| refund.cause() == cause)?;
        let state = &stored.payment.balance()?.refunds.get(&command.cause)?.state;
        let (transition, error) = match state {
            OperationState::Done => (RefundTransition::Succeed, None),
            OperationState::Declined(reason) | OperationState::WrittenOff(reason) => {
                (RefundTransition::Refuse, Some(reason))
            }
            OperationState::Requested if key_expired => (RefundTransition::Expire, error),
            OperationState::Requested => (RefundTransition::LoseResponse, error),
        };
        // The state of the payment is never behind that of the refund, so no transition is refused.
        match refund.status.apply(transition) {
            Ok(Applied::Changed(status)) => Some(Refund { status, error: error.cloned(), ..refund.clone() }),
            Ok(Applied::Unchanged) | Err(_) => None,
        }
    }
}

/// The reply to the command of a refund that a person has to look into.
pub(crate) fn unresolved(refund: &Refund) -> Option<Reply> {
    outcome(refund).filter(|reply| matches!(reply, Reply::PaymentRefundUnresolved(_)))
}

/// The outcome of a refund as its order records it. `None` while there is none.
pub(super) fn outcome(refund: &Refund) -> Option<Reply> {
    let (order_id, cause, amount) = (refund.order_id, refund.cause().to_string(), refund.amount);
    match refund.status {
        RefundStatus::Pending | RefundStatus::Unknown => None,
        RefundStatus::Succeeded => Some(Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })),
        RefundStatus::Refused => {
            let reason = refund.error.clone().unwrap_or_else(|| "refused".to_owned());
            let is_acknowledged = refund.is_acknowledged;
            Some(Reply::PaymentRefundRefused(PaymentRefundRefused { order_id, cause, amount, reason, is_acknowledged }))
        }
        RefundStatus::ManualReview => {
            Some(Reply::PaymentRefundUnresolved(PaymentRefundUnresolved { order_id, cause, amount }))
        }
    }
}

/// The outcome as a message of its own, beside the reply to a command. Its id is deterministic, so that the order
/// handles a repeated one once.
pub(super) fn outcome_message(refund: &Refund, trace: Trace, now: Timestamp) -> Option<Outgoing> {
    let acknowledged = if refund.is_acknowledged { "/acknowledged" } else { "" };
    let id = format!("refund/{}/{}{acknowledged}", refund.cause(), refund.status);
    Some(Outgoing::new(refund.order_id, &outcome(refund)?, id, trace, now))
}
