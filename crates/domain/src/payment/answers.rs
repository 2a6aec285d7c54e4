//! What a command is answered, and what has to be asked before it can be.

use super::{Account, Operation, Payment, Progress, Refusal, VOIDED};
use crate::messages::{
    AuthorizePayment, CapturePayment, PaymentAuthorized, PaymentCaptured, PaymentCommand, PaymentDeclined,
    PaymentRefunded, PaymentVoided, RefundPayment, Reply, VoidPayment,
};
use crate::money::Money;

impl Payment {
    /// The answer to `command`; none while the gateway has to be asked, by [`Payment::operation_for`].
    pub fn answer_to(&self, command: &PaymentCommand) -> Result<Option<Reply>, Refusal> {
        match command {
            PaymentCommand::Authorize(authorize) => Ok(self.answer_to_authorize(authorize)),
            PaymentCommand::Void(void) => Ok(self.answer_to_void(void)),
            PaymentCommand::Capture(capture) => self.answer_to_capture(capture),
            PaymentCommand::Refund(refund) => self.answer_to_refund(refund),
        }
    }

    /// What the gateway has to be asked for the sake of `command`.
    pub fn operation_for(&self, command: &PaymentCommand) -> Operation {
        match (self, command) {
            // An authorization that meets a void carries the void to its end, whoever asked for it.
            (Self::Voiding { .. }, PaymentCommand::Authorize(_)) => Operation::Void,
            _ => Operation::of(command),
        }
    }

    fn answer_to_authorize(&self, command: &AuthorizePayment) -> Option<Reply> {
        let order_id = command.order_id;
        let declined = |reason: &str| PaymentDeclined { order_id, reason: reason.to_owned() };
        match self {
            Self::Authorizing { .. } | Self::Voiding { .. } => None,
            Self::Open(account) => {
                Some(Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount: account.amount }))
            }
            Self::Declined { reason, .. } => Some(Reply::PaymentDeclined(declined(reason))),
            Self::Voided { .. } | Self::Tombstone => Some(Reply::PaymentDeclined(declined(VOIDED))),
        }
    }

    fn answer_to_void(&self, command: &VoidPayment) -> Option<Reply> {
        let voided = |refunded| Reply::PaymentVoided(PaymentVoided { order_id: command.order_id, refunded });
        match self {
            Self::Authorizing { .. } | Self::Open(_) | Self::Voiding { .. } => None,
            Self::Declined { .. } | Self::Tombstone => Some(voided(None)),
            Self::Voided { account, given_back_minor, .. } => {
                let given_back = Money { amount_minor: *given_back_minor, currency: account.amount.currency };
                Some(voided((*given_back_minor > 0).then_some(given_back)))
            }
        }
    }

    fn answer_to_capture(&self, command: &CapturePayment) -> Result<Option<Reply>, Refusal> {
        let progress =
            self.progress(|account| account.captures.get(&command.shipment_id).map(|part| &part.progress))?;
        let CapturePayment { order_id, shipment_id, amount } = *command;
        Ok(progress.then_some(Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount })))
    }

    fn answer_to_refund(&self, command: &RefundPayment) -> Result<Option<Reply>, Refusal> {
        let progress = self.progress(|account| account.refunds.get(&command.cause).map(|part| &part.progress))?;
        let RefundPayment { order_id, cause, amount } = command.clone();
        Ok(progress.then_some(Reply::PaymentRefunded(PaymentRefunded { order_id, cause, amount })))
    }

    /// True when the part is done, false while it is asked for.
    fn progress<'a>(&'a self, part: impl FnOnce(&'a Account) -> Option<&'a Progress>) -> Result<bool, Refusal> {
        match self.account().and_then(part) {
            Some(Progress::Done) => Ok(true),
            Some(Progress::Asked) => Ok(false),
            Some(Progress::Declined(reason)) => Err(Refusal::DeclinedByGateway(reason.clone())),
            None => Err(Refusal::NeverAsked),
        }
    }
}
