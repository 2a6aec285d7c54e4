//! The reply to a command, and the gateway operation that is needed before there is one.

use super::{Balance, Operation, OperationState, PartialOperation, Payment, Refusal, VOIDED};
use crate::messages::{
    AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptured, PaymentCommand, PaymentDeclined,
    PaymentRefunded, PaymentVoided, RefundPayment, Reply, VoidPayment,
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
        let is_done = self.is_operation_done(|balance| balance.captures.get(&command.shipment_id))?;
        let CapturePayment { order_id, shipment_id, amount } = *command;
        Ok(is_done.then_some(Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount })))
    }

    fn reply_to_refund(&self, command: &RefundPayment) -> Result<Option<Reply>, Refusal> {
        let is_done = self.is_operation_done(|balance| balance.refunds.get(&command.cause))?;
        let RefundPayment { order_id, cause, amount } = command.clone();
        Ok(is_done.then_some(Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })))
    }

    /// True when the capture or refund is done, false while it is requested.
    fn is_operation_done<'a>(
        &'a self,
        operation: impl FnOnce(&'a Balance) -> Option<&'a PartialOperation>,
    ) -> Result<bool, Refusal> {
        match self.balance().and_then(operation).map(|operation| &operation.state) {
            Some(OperationState::Done) => Ok(true),
            Some(OperationState::Requested) => Ok(false),
            Some(OperationState::Declined(reason)) => Err(Refusal::DeclinedByGateway(reason.clone())),
            None => Err(Refusal::NeverRequested),
        }
    }
}
