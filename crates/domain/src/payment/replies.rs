//! The reply to a command, and the gateway operation that is needed before there is one.

use super::{
    Balance, CaptureAttempt, NOTHING_LEFT, Operation, OperationState, PartialOperation, Payment, Refusal, VOIDED,
};
use crate::messages::{
    AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptureDeclined, PaymentCaptured, PaymentCommand,
    PaymentDeclined, PaymentReauthorizationDeclined, PaymentReauthorized, PaymentRefundRefused, PaymentRefunded,
    PaymentVoided, PaymentWrittenOff, ReauthorizePayment, RefundPayment, Reply, VoidPayment, WriteOffPayment,
};
use crate::money::Money;

impl Payment {
    /// The reply to `command`; `None` while the gateway has to be called for [`Payment::operation_for`].
    pub fn reply_to(&self, command: &PaymentCommand) -> Result<Option<Reply>, Refusal> {
        match command {
            PaymentCommand::Authorize(authorize) => Ok(self.reply_to_authorize(authorize)),
            PaymentCommand::Void(void) => Ok(self.reply_to_void(void)),
            PaymentCommand::Capture(capture) => self.reply_to_capture(capture),
            PaymentCommand::Refund(refund) => self.reply_to_refund(refund),
            // The reply depends on the refund, which the payment does not know.
            PaymentCommand::RefundLines(_) => Ok(None),
            PaymentCommand::WriteOff(write_off) => self.reply_to_write_off(write_off),
            PaymentCommand::Reauthorize(reauthorize) => Ok(self.reply_to_reauthorize(reauthorize)),
        }
    }

    /// The gateway operation that `command` needs.
    pub fn operation_for(&self, command: &PaymentCommand) -> Operation {
        match (self, command) {
            // The authorization can't be decided before the void under way is finished.
            (Self::Voiding { .. }, PaymentCommand::Authorize(_)) => Operation::Void,
            _ => Operation::of(command),
        }
    }

    fn reply_to_authorize(&self, command: &AuthorizePayment) -> Option<Reply> {
        let order_id = command.order_id;
        let declined = |reason: &str| PaymentDeclined { order_id, reason: reason.to_owned() };
        match self {
            Self::Authorizing { .. } | Self::Voiding { .. } => None,
            Self::Open(balance) => {
                Some(Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount: balance.amount }))
            }
            Self::Declined { reason, .. } => Some(Reply::PaymentDeclined(declined(reason))),
            Self::Voided { .. } | Self::Tombstone => Some(Reply::PaymentDeclined(declined(VOIDED))),
        }
    }

    fn reply_to_void(&self, command: &VoidPayment) -> Option<Reply> {
        let voided = |refunded| Reply::PaymentVoided(PaymentVoided { order_id: command.order_id, refunded });
        match self {
            Self::Authorizing { .. } | Self::Open(_) | Self::Voiding { .. } => None,
            Self::Declined { .. } | Self::Tombstone => Some(voided(None)),
            Self::Voided { balance, refunded_by_void_minor, .. } => {
                let refunded = Money { amount_minor: *refunded_by_void_minor, currency: balance.amount.currency };
                Some(voided((*refunded_by_void_minor > 0).then_some(refunded)))
            }
        }
    }

    fn reply_to_capture(&self, command: &CapturePayment) -> Result<Option<Reply>, Refusal> {
        let state = self.operation_state(|balance| balance.captures.get(&CaptureAttempt::of(command)))?;
        let CapturePayment { order_id, shipment_id, amount, attempt } = *command;
        Ok(match state {
            OperationState::Requested => None,
            OperationState::Done => Some(Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount })),
            OperationState::Declined(reason) | OperationState::WrittenOff(reason) => {
                let reason = reason.clone();
                let declined = PaymentCaptureDeclined { order_id, shipment_id, amount, attempt, reason };
                Some(Reply::PaymentCaptureDeclined(declined))
            }
        })
    }

    fn reply_to_refund(&self, command: &RefundPayment) -> Result<Option<Reply>, Refusal> {
        let state = self.operation_state(|balance| balance.refunds.get(&command.cause))?;
        let RefundPayment { order_id, cause, amount } = command.clone();
        Ok(match state {
            OperationState::Requested => None,
            OperationState::Done => Some(Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })),
            OperationState::Declined(reason) | OperationState::WrittenOff(reason) => {
                Some(Reply::PaymentRefundRefused(PaymentRefundRefused {
                    order_id,
                    cause,
                    amount,
                    reason: reason.clone(),
                    is_acknowledged: false,
                }))
            }
        })
    }

    fn reply_to_write_off(&self, command: &WriteOffPayment) -> Result<Option<Reply>, Refusal> {
        let capture = CaptureAttempt { shipment: command.shipment_id, attempt: command.attempt };
        let state = self.operation_state(|balance| balance.captures.get(&capture))?;
        let WriteOffPayment { order_id, shipment_id, amount, .. } = *command;
        Ok(match state {
            OperationState::Done => Some(Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount })),
            OperationState::WrittenOff(_) => {
                Some(Reply::PaymentWrittenOff(PaymentWrittenOff { order_id, shipment_id, amount }))
            }
            OperationState::Requested | OperationState::Declined(_) => None,
        })
    }

    fn reply_to_reauthorize(&self, command: &ReauthorizePayment) -> Option<Reply> {
        let ReauthorizePayment { order_id, attempt } = *command;
        let declined = |reason: &str| {
            let declined = PaymentReauthorizationDeclined { order_id, attempt, reason: reason.to_owned() };
            Some(Reply::PaymentReauthorizationDeclined(declined))
        };
        let requested = self.balance().and_then(|balance| balance.reauthorizations.get(&attempt));
        match (requested.map(|requested| &requested.state), self) {
            (Some(OperationState::Done), _) => {
                Some(Reply::PaymentReauthorized(PaymentReauthorized { order_id, attempt }))
            }
            (Some(OperationState::Declined(reason) | OperationState::WrittenOff(reason)), _) => declined(reason),
            (Some(OperationState::Requested), Self::Open(_)) => None,
            (None, Self::Open(_)) => declined(NOTHING_LEFT),
            _ => declined(VOIDED),
        }
    }

    fn operation_state<'a>(
        &'a self,
        operation: impl FnOnce(&'a Balance) -> Option<&'a PartialOperation>,
    ) -> Result<&'a OperationState, Refusal> {
        let operation = self.balance().and_then(operation).ok_or(Refusal::NeverRequested)?;
        Ok(&operation.state)
    }
}
