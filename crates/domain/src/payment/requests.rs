//! Requests: the gateway is about to be asked.

use super::{Account, Payment, Refusal};
use crate::ids::ShipmentId;
use crate::messages::PaymentCommand;
use crate::money::Money;
use crate::order::Applied;

impl Payment {
    /// The payment once `command` is about to be carried out; `stored` is what is known of it so far.
    pub fn request(stored: Option<Self>, command: &PaymentCommand) -> Result<Applied<Self>, Refusal> {
        match command {
            PaymentCommand::Authorize(authorize) => Self::authorize(stored, authorize.amount),
            PaymentCommand::Void(_) => Ok(Self::void(stored)),
            PaymentCommand::Capture(capture) => {
                stored.ok_or(Refusal::NoPayment)?.capture(capture.shipment_id, capture.amount)
            }
            PaymentCommand::Refund(refund) => {
                stored.ok_or(Refusal::NoPayment)?.refund(refund.cause.clone(), refund.amount)
            }
        }
    }

    /// Sets `amount` aside, once. What is voided already stays so.
    pub fn authorize(stored: Option<Self>, amount: Money) -> Result<Applied<Self>, Refusal> {
        let amount = Money::new(amount.amount_minor, amount.currency)?;
        match stored.map(|payment| payment.amount()) {
            None => Ok(Applied::Now(Self::Authorizing { amount })),
            Some(Some(before)) if before != amount => Err(Refusal::OtherAmount),
            Some(_) => Ok(Applied::Already),
        }
    }

    /// Lets go of everything. Never refused: what is not there is let go of by a tombstone.
    pub fn void(stored: Option<Self>) -> Applied<Self> {
        match stored {
            None => Applied::Now(Self::Tombstone),
            Some(Self::Authorizing { amount }) => {
                Applied::Now(Self::Voiding { account: Account::new(amount), authorized: false })
            }
            Some(Self::Open(account)) => Applied::Now(Self::Voiding { account, authorized: true }),
            // A declined authorization stays declined: there is nothing to let go, and nothing will come.
            Some(Self::Declined { .. } | Self::Voiding { .. } | Self::Voided { .. } | Self::Tombstone) => {
                Applied::Already
            }
        }
    }

    /// Takes `amount` for `shipment`, once.
    pub fn capture(self, shipment: ShipmentId, amount: Money) -> Result<Applied<Self>, Refusal> {
        self.ask_part(|account| account.ask_capture(shipment, amount))
    }

    /// Gives `amount` back, once a `cause`.
    pub fn refund(self, cause: String, amount: Money) -> Result<Applied<Self>, Refusal> {
        self.ask_part(|account| account.ask_refund(cause, amount))
    }

    fn ask_part(self, ask: impl FnOnce(&mut Account) -> Result<bool, Refusal>) -> Result<Applied<Self>, Refusal> {
        match self {
            Self::Open(mut account) => {
                Ok(if ask(&mut account)? { Applied::Now(Self::Open(account)) } else { Applied::Already })
            }
            // What was begun before the void may still be finished; nothing new is begun.
            Self::Voiding { mut account, .. } | Self::Voided { mut account, .. } => match ask(&mut account) {
                Ok(false) => Ok(Applied::Already),
                Err(refusal @ Refusal::DeclinedByGateway(_)) => Err(refusal),
                Ok(true) | Err(_) => Err(Refusal::Voided),
            },
            Self::Tombstone => Err(Refusal::Voided),
            Self::Authorizing { .. } | Self::Declined { .. } => Err(Refusal::NotAuthorized),
        }
    }
}
