//! Payments: an amount is authorized for an order, captured per shipment, refunded once per cause, or voided. A capture
//! or a refund that the gateway declined is attempted again under another key.
//!
//! A gateway is called between two transactions, so each operation changes a payment twice. A *request* records that
//! the gateway is about to be called, a *report* records its response. After a crash in between, the request is still
//! stored, and the call is repeated under the same key. The reply to a command depends on the payment's state alone
//! ([`Payment::reply_to`]), so repeated and concurrent commands get the same reply.

mod balance;
mod ledger;
mod operation;
mod refusal;
mod replies;
mod reports;
mod requests;
mod status;
#[cfg(test)]
mod tests;

pub use balance::{Balance, OperationState, PartialOperation, PartialOperations};
pub use ledger::{LedgerEntry, LedgerEntryKind, LedgerSums, ledger_entries};
pub use operation::{CaptureAttempt, Operation, OperationKind};
pub use refusal::Refusal;
pub use reports::VoidResult;
pub use status::PaymentStatus;

use crate::money::Money;

/// The decline reason of an authorization that is requested after its void.
pub const VOIDED: &str = "voided";
/// The decline reason of a reauthorization when everything is captured.
const NOTHING_LEFT: &str = "nothing_left";

/// The one payment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payment {
    /// The authorization is requested; the gateway may have done it.
    Authorizing { amount: Money },
    /// The gateway declined, which is final.
    Declined { amount: Money, reason: String },
    /// Authorized, to be captured per shipment.
    Open(Balance),
    /// The void is requested; no new operation starts. `authorized` once the authorization is known to exist.
    Voiding { balance: Balance, authorized: bool },
    /// The rest of the authorization is released, and the captured amount is refunded. `authorized` when the void found
    /// an authorization. `refunded_by_void_minor` is the part of the refunded amount that the void itself refunded.
    Voided { balance: Balance, authorized: bool, refunded_by_void_minor: i64 },
    /// Voided before it was authorized: a later authorization is refused.
    Tombstone,
}

impl Payment {
    /// The status, as it is stored and reported.
    pub fn status(&self) -> PaymentStatus {
        match self {
            Self::Authorizing { .. } => PaymentStatus::Authorizing,
            Self::Declined { .. } => PaymentStatus::Declined,
            Self::Open(balance) => balance.status(),
            Self::Voiding { .. } => PaymentStatus::Voiding,
            Self::Voided { .. } | Self::Tombstone => PaymentStatus::Voided,
        }
    }

    /// Its amounts; `None` before it is authorized, after a decline, and for a tombstone.
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Self::Open(balance) | Self::Voiding { balance, .. } | Self::Voided { balance, .. } => Some(balance),
            Self::Authorizing { .. } | Self::Declined { .. } | Self::Tombstone => None,
        }
    }

    /// The amount to authorize; `None` for a tombstone.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::Authorizing { amount } | Self::Declined { amount, .. } => Some(*amount),
            Self::Open(balance) | Self::Voiding { balance, .. } | Self::Voided { balance, .. } => Some(balance.amount),
            Self::Tombstone => None,
        }
    }
}
