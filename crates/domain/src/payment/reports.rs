//! Reports: the gateway's responses. They are the truth about money that has moved, even when they arrive late.

use super::balance::{decline, finish};
use super::{Balance, CaptureAttempt, Payment, Refusal};
use crate::applied::Applied;
use crate::money::Money;

/// The gateway's response to a void: the final amounts of the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoidResult {
    /// False when the gateway never authorized it; after the void it never will.
    pub authorized: bool,
    /// The sum of all captures, which is completely refunded by now.
    pub captured_minor: i64,
    /// The part of it that the void itself refunded.
    pub refunded_by_void_minor: i64,
}

impl Payment {
    /// The gateway has authorized `amount`.
    pub fn authorized(self, amount: Money) -> Applied<Self> {
        match self {
            Self::Authorizing { amount } => Applied::Changed(Self::Open(Balance::new(amount))),
            Self::Open(_) | Self::Voiding { authorized: true, .. } | Self::Voided { authorized: true, .. } => {
                Applied::Unchanged
            }
            // Authorized after a void that found no authorization: a gateway must not do that. It is voided again.
            Self::Voiding { balance, authorized: false } | Self::Voided { balance, authorized: false, .. } => {
                Applied::Changed(Self::Voiding { balance, authorized: true })
            }
            // As bad: authorized after a final decline, or without a request. No order needs this authorization.
            Self::Declined { amount, .. } => {
                Applied::Changed(Self::Voiding { balance: Balance::new(amount), authorized: true })
            }
            Self::Tombstone => Applied::Changed(Self::Voiding { balance: Balance::new(amount), authorized: true }),
        }
    }

    /// The gateway has declined the authorization for good, for this `reason`.
    pub fn declined(self, reason: String) -> Applied<Self> {
        match self {
            Self::Authorizing { amount } => Applied::Changed(Self::Declined { amount, reason }),
            // While voiding, the void itself may be the reason of the decline; the void ends the payment.
            Self::Open(_) | Self::Declined { .. } | Self::Voiding { .. } | Self::Voided { .. } | Self::Tombstone => {
                Applied::Unchanged
            }
        }
    }

    pub fn captured(self, capture: CaptureAttempt) -> Result<Applied<Self>, Refusal> {
        self.change_balance(|balance, counts| {
            let amount_minor = finish(&mut balance.captures, &capture)?;
            balance.captured_minor += if counts { amount_minor.unwrap_or(0) } else { 0 };
            Ok(amount_minor.is_some())
        })
    }

    pub fn capture_declined(self, capture: CaptureAttempt, reason: String) -> Result<Applied<Self>, Refusal> {
        self.change_balance(|balance, _| decline(&mut balance.captures, &capture, reason))
    }

    pub fn refunded(self, cause: &String) -> Result<Applied<Self>, Refusal> {
        self.change_balance(|balance, counts| {
            let amount_minor = finish(&mut balance.refunds, cause)?;
            balance.refunded_minor += if counts { amount_minor.unwrap_or(0) } else { 0 };
            Ok(amount_minor.is_some())
        })
    }

    pub fn refund_declined(self, cause: &String, reason: String) -> Result<Applied<Self>, Refusal> {
        self.change_balance(|balance, _| decline(&mut balance.refunds, cause, reason))
    }

    /// The gateway has renewed the authorization.
    pub fn reauthorized(self, attempt: u32) -> Result<Applied<Self>, Refusal> {
        self.change_balance(|balance, _| Ok(finish(&mut balance.reauthorizations, &attempt)?.is_some()))
    }

    pub fn reauthorization_declined(self, attempt: u32, reason: String) -> Result<Applied<Self>, Refusal> {
        self.change_balance(|balance, _| decline(&mut balance.reauthorizations, &attempt, reason))
    }

    /// The gateway has voided the payment.
    pub fn voided(self, found: VoidResult) -> Result<Applied<Self>, Refusal> {
        match self {
            // The void reached the gateway before the authorization that we know of: it must be repeated.
            Self::Voiding { authorized: true, .. } if !found.authorized => Ok(Applied::Unchanged),
            Self::Voiding { balance, .. } => balance.after_void(found).map(|balance| {
                let (authorized, refunded_by_void_minor) = (found.authorized, found.refunded_by_void_minor);
                Applied::Changed(Self::Voided { balance, authorized, refunded_by_void_minor })
            }),
            Self::Voided { .. } | Self::Tombstone | Self::Declined { .. } => Ok(Applied::Unchanged),
            Self::Authorizing { .. } | Self::Open(_) => Err(Refusal::NeverRequested),
        }
    }

    /// Changes the balance. `counts` is false after a void, whose amounts are final.
    fn change_balance(
        self,
        change: impl FnOnce(&mut Balance, bool) -> Result<bool, Refusal>,
    ) -> Result<Applied<Self>, Refusal> {
        let (changed, payment) = match self {
            Self::Open(mut balance) => (change(&mut balance, true)?, Self::Open(balance).within_bounds()?),
            Self::Voiding { mut balance, authorized } => {
                (change(&mut balance, true)?, Self::Voiding { balance, authorized }.within_bounds()?)
            }
            Self::Voided { mut balance, authorized, refunded_by_void_minor } => {
                (change(&mut balance, false)?, Self::Voided { balance, authorized, refunded_by_void_minor })
            }
            Self::Authorizing { .. } | Self::Declined { .. } | Self::Tombstone => return Err(Refusal::NeverRequested),
        };
        Ok(if changed { Applied::Changed(payment) } else { Applied::Unchanged })
    }

    /// Only a gateway that executes an operation after declining it can break the bounds.
    fn within_bounds(self) -> Result<Self, Refusal> {
        let holds = self.balance().is_none_or(|balance| {
            balance.refunded_minor <= balance.captured_minor && balance.captured_minor <= balance.amount.amount_minor
        });
        if holds { Ok(self) } else { Err(Refusal::LedgerMismatch) }
    }
}

impl Balance {
    /// The balance after a void. The void's amounts are final: reports of concurrent calls may not have arrived yet.
    fn after_void(self, found: VoidResult) -> Result<Self, Refusal> {
        let captured = self.captured_minor..=self.amount.amount_minor;
        let refunded_by_void = 0..=found.captured_minor;
        if !captured.contains(&found.captured_minor) || !refunded_by_void.contains(&found.refunded_by_void_minor) {
            return Err(Refusal::LedgerMismatch);
        }
        Ok(Self { captured_minor: found.captured_minor, refunded_minor: found.captured_minor, ..self })
    }
}
