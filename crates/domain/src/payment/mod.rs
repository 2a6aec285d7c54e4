//! Payments: money set aside for an order, taken one shipment at a time, given back once a cause, or let go.
//!
//! A gateway is asked between two transactions. So each piece of work changes a payment twice: a *request* says that
//! the gateway is about to be asked, a *report* says what it answered; a crash in between leaves the request, and the
//! same question is asked again under the same key. What a command is answered follows from the payment's state alone
//! ([`Payment::answer_to`]): whoever asks again, or asks while somebody else is at work, hears the same.

mod answers;
mod balance;
mod operation;
mod refusal;
mod reports;
mod requests;
mod status;
#[cfg(test)]
mod tests;

pub use balance::{Account, Part, Parts, Progress};
pub use operation::{Operation, OperationKind};
pub use refusal::Refusal;
pub use reports::Reversal;
pub use status::PaymentStatus;

use crate::money::Money;

/// Why an authorization is refused that comes after its void.
pub const VOIDED: &str = "voided";

/// The one payment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payment {
    /// The gateway is asked to set the amount aside, and may have done so.
    Authorizing { amount: Money },
    /// The gateway said no, which is final.
    Declined { amount: Money, reason: String },
    /// Set aside, to be taken in parts.
    Open(Account),
    /// To be let go: nothing new is begun. `authorized` once it is known that there is something to let go.
    Voiding { account: Account, authorized: bool },
    /// Let go: what was not taken is released, what was taken is given back. `authorized` when the void found
    /// something to let go; `given_back_minor` is the void's part of what was given back.
    Voided { account: Account, authorized: bool, given_back_minor: i64 },
    /// Let go before anybody asked for it: an authorization that comes later is refused.
    Tombstone,
}

impl Payment {
    /// How it is stored and reported.
    pub fn status(&self) -> PaymentStatus {
        match self {
            Self::Authorizing { .. } => PaymentStatus::Authorizing,
            Self::Declined { .. } => PaymentStatus::Declined,
            Self::Open(account) => account.status(),
            Self::Voiding { .. } => PaymentStatus::Voiding,
            Self::Voided { .. } | Self::Tombstone => PaymentStatus::Voided,
        }
    }

    /// The money in it, once the gateway may have set some aside.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Open(account) | Self::Voiding { account, .. } | Self::Voided { account, .. } => Some(account),
            Self::Authorizing { .. } | Self::Declined { .. } | Self::Tombstone => None,
        }
    }

    /// What was asked to be set aside; a tombstone doesn't know.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::Authorizing { amount } | Self::Declined { amount, .. } => Some(*amount),
            Self::Open(account) | Self::Voiding { account, .. } | Self::Voided { account, .. } => Some(account.amount),
            Self::Tombstone => None,
        }
    }
}
