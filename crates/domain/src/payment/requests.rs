//! Requests: a gateway operation is about to be called.

use super::{Balance, CaptureAttempt, Payment, Refusal};
use crate::applied::Applied;
use crate::messages::{PaymentCommand, WriteOffPayment};
use crate::money::Money;

impl Payment {
    /// The payment once `command` is about to be executed; `stored` is its current state.
    pub fn request(stored: Option<Self>, command: &PaymentCommand) -> Result<Applied<Self>, Refusal> {
        match command {
            PaymentCommand::Authorize(authorize) => Self::authorize(stored, authorize.amount),
            PaymentCommand::Void(_) => Ok(Self::void(stored)),
            PaymentCommand::Capture(capture) => {
                stored.ok_or(Refusal::NoPayment)?.capture(CaptureAttempt::of(capture), capture.amount)
            }
            PaymentCommand::Refund(refund) => {
                stored.ok_or(Refusal::NoPayment)?.refund(refund.cause.clone(), refund.amount)
            }
            // It becomes a refund command with an amount, which changes the payment.
            PaymentCommand::RefundLines(_) => stored.ok_or(Refusal::NoPayment).map(|_payment| Applied::Unchanged),
            PaymentCommand::WriteOff(write_off) => stored.ok_or(Refusal::NoPayment)?.write_off(write_off),
            PaymentCommand::Reauthorize(reauthorize) => {
                stored.ok_or(Refusal::NoPayment)?.reauthorize(reauthorize.attempt)
            }
        }
    }

    /// Authorizes `amount`, once. A voided payment stays voided.
    pub fn authorize(stored: Option<Self>, amount: Money) -> Result<Applied<Self>, Refusal> {
        let amount = Money::new(amount.amount_minor, amount.currency)?;
        match stored.map(|payment| payment.amount()) {
            None => Ok(Applied::Changed(Self::Authorizing { amount })),
            Some(Some(before)) if before != amount => Err(Refusal::OtherAmount),
            Some(_) => Ok(Applied::Unchanged),
        }
    }

    /// Voids the payment. Never refused: without a payment it leaves a tombstone.
    pub fn void(stored: Option<Self>) -> Applied<Self> {
        match stored {
            None => Applied::Changed(Self::Tombstone),
            Some(Self::Authorizing { amount }) => {
                Applied::Changed(Self::Voiding { balance: Balance::new(amount), authorized: false })
            }
            Some(Self::Open(balance)) => Applied::Changed(Self::Voiding { balance, authorized: true }),
            // A declined authorization stays declined: there is nothing to void, and never will be.
            Some(Self::Declined { .. } | Self::Voiding { .. } | Self::Voided { .. } | Self::Tombstone) => {
                Applied::Unchanged
            }
        }
    }

    /// Captures `amount` for a shipment, once.
    pub fn capture(self, capture: CaptureAttempt, amount: Money) -> Result<Applied<Self>, Refusal> {
        self.request_operation(|balance| balance.request_capture(capture, amount))
    }

    /// Refunds `amount`, once per `cause`.
    pub fn refund(self, cause: String, amount: Money) -> Result<Applied<Self>, Refusal> {
        self.request_operation(|balance| balance.request_refund(cause, amount))
    }

    /// Renews the authorization, once per attempt. A voided payment stays voided: the order may have been cancelled
    /// meanwhile.
    pub fn reauthorize(self, attempt: u32) -> Result<Applied<Self>, Refusal> {
        match self {
            Self::Open(mut balance) => {
                let is_new = balance.request_reauthorization(attempt);
                Ok(if is_new { Applied::Changed(Self::Open(balance)) } else { Applied::Unchanged })
            }
            Self::Voiding { .. } | Self::Voided { .. } | Self::Tombstone => Ok(Applied::Unchanged),
            Self::Authorizing { .. } | Self::Declined { .. } => Err(Refusal::NotAuthorized),
        }
    }

    /// A person gave up a declined capture.
    pub fn write_off(self, command: &WriteOffPayment) -> Result<Applied<Self>, Refusal> {
        let capture = CaptureAttempt { shipment: command.shipment_id, attempt: command.attempt };
        match self {
            Self::Open(mut balance) => {
                let is_new = balance.write_off(&capture, command.amount)?;
                Ok(if is_new { Applied::Changed(Self::Open(balance)) } else { Applied::Unchanged })
            }
            Self::Voiding { mut balance, authorized } => {
                let is_new = balance.write_off(&capture, command.amount)?;
                Ok(if is_new { Applied::Changed(Self::Voiding { balance, authorized }) } else { Applied::Unchanged })
            }
            Self::Voided { mut balance, authorized, refunded_by_void_minor } => {
                let is_new = balance.write_off(&capture, command.amount)?;
                let voided = Self::Voided { balance, authorized, refunded_by_void_minor };
                Ok(if is_new { Applied::Changed(voided) } else { Applied::Unchanged })
            }
            Self::Authorizing { .. } | Self::Declined { .. } | Self::Tombstone => Err(Refusal::NotAuthorized),
        }
    }

    fn request_operation(
        self,
        request: impl FnOnce(&mut Balance) -> Result<bool, Refusal>,
    ) -> Result<Applied<Self>, Refusal> {
        match self {
            Self::Open(mut balance) => {
                Ok(if request(&mut balance)? { Applied::Changed(Self::Open(balance)) } else { Applied::Unchanged })
            }
            // Operations that were requested before the void may still finish; new ones are refused.
            Self::Voiding { mut balance, .. } | Self::Voided { mut balance, .. } => match request(&mut balance) {
                Ok(false) => Ok(Applied::Unchanged),
                Ok(true) | Err(_) => Err(Refusal::Voided),
            },
            Self::Tombstone => Err(Refusal::Voided),
            Self::Authorizing { .. } | Self::Declined { .. } => Err(Refusal::NotAuthorized),
        }
    }
}
