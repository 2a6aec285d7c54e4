//! Reports: what the gateway answered. The gateway's word is the truth about money that has moved, whenever it comes.

use super::balance::{decline, finish};
use super::{Account, Payment, Refusal};
use crate::ids::ShipmentId;
use crate::money::Money;
use crate::order::Applied;

/// What a gateway found when it was told to let go: the authorization's sums, which nothing changes any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reversal {
    /// False when the gateway has never set anything aside for it; and now it never will.
    pub authorized: bool,
    /// All that was ever taken, and by now is given back.
    pub captured_minor: i64,
    /// What the void itself gave back.
    pub given_back_minor: i64,
}

impl Payment {
    /// The gateway has set `amount` aside.
    pub fn authorized(self, amount: Money) -> Applied<Self> {
        match self {
            Self::Authorizing { amount } => Applied::Now(Self::Open(Account::new(amount))),
            Self::Open(_) | Self::Voiding { authorized: true, .. } | Self::Voided { authorized: true, .. } => {
                Applied::Already
            }
            Self::Voiding { account, authorized: false } => Applied::Now(Self::Voiding { account, authorized: true }),
            // It came after the void, which found nothing: a gateway must not do that. It is let go again.
            Self::Voided { account, authorized: false, .. } => {
                Applied::Now(Self::Voiding { account, authorized: true })
            }
            // As bad: a yes after a final no, or without a question. Nobody waits for this money any more.
            Self::Declined { amount, .. } => {
                Applied::Now(Self::Voiding { account: Account::new(amount), authorized: true })
            }
            Self::Tombstone => Applied::Now(Self::Voiding { account: Account::new(amount), authorized: true }),
        }
    }

    /// The gateway will never set anything aside, for this `reason`.
    pub fn declined(self, reason: String) -> Applied<Self> {
        match self {
            Self::Authorizing { amount } => Applied::Now(Self::Declined { amount, reason }),
            // A void on its way may itself be why; it ends the payment.
            Self::Open(_) | Self::Declined { .. } | Self::Voiding { .. } | Self::Voided { .. } | Self::Tombstone => {
                Applied::Already
            }
        }
    }

    pub fn captured(self, shipment: ShipmentId) -> Result<Applied<Self>, Refusal> {
        self.change_account(|account, counts| {
            let amount_minor = finish(&mut account.captures, &shipment)?;
            account.captured_minor += if counts { amount_minor.unwrap_or(0) } else { 0 };
            Ok(amount_minor.is_some())
        })
    }

    pub fn capture_declined(self, shipment: ShipmentId, reason: String) -> Result<Applied<Self>, Refusal> {
        self.change_account(|account, _| decline(&mut account.captures, &shipment, reason))
    }

    pub fn refunded(self, cause: &String) -> Result<Applied<Self>, Refusal> {
        self.change_account(|account, counts| {
            let amount_minor = finish(&mut account.refunds, cause)?;
            account.refunded_minor += if counts { amount_minor.unwrap_or(0) } else { 0 };
            Ok(amount_minor.is_some())
        })
    }

    pub fn refund_declined(self, cause: &String, reason: String) -> Result<Applied<Self>, Refusal> {
        self.change_account(|account, _| decline(&mut account.refunds, cause, reason))
    }

    /// The gateway has let go of everything.
    pub fn voided(self, found: Reversal) -> Result<Applied<Self>, Refusal> {
        match self {
            // The void came to the gateway before the authorization that we know of did: ask again.
            Self::Voiding { authorized: true, .. } if !found.authorized => Ok(Applied::Already),
            Self::Voiding { account, .. } => account.reversed(found).map(|account| {
                let (authorized, given_back_minor) = (found.authorized, found.given_back_minor);
                Applied::Now(Self::Voided { account, authorized, given_back_minor })
            }),
            Self::Voided { .. } | Self::Tombstone | Self::Declined { .. } => Ok(Applied::Already),
            Self::Authorizing { .. } | Self::Open(_) => Err(Refusal::NeverAsked),
        }
    }

    /// Changes the account; `counts` is false when the void has closed its sums already.
    fn change_account(
        self,
        change: impl FnOnce(&mut Account, bool) -> Result<bool, Refusal>,
    ) -> Result<Applied<Self>, Refusal> {
        let (changed, payment) = match self {
            Self::Open(mut account) => (change(&mut account, true)?, Self::Open(account).within_bounds()?),
            Self::Voiding { mut account, authorized } => {
                (change(&mut account, true)?, Self::Voiding { account, authorized }.within_bounds()?)
            }
            Self::Voided { mut account, authorized, given_back_minor } => {
                (change(&mut account, false)?, Self::Voided { account, authorized, given_back_minor })
            }
            Self::Authorizing { .. } | Self::Declined { .. } | Self::Tombstone => return Err(Refusal::NeverAsked),
        };
        Ok(if changed { Applied::Now(payment) } else { Applied::Already })
    }

    /// Only a gateway that does what it has declined before can break them.
    fn within_bounds(self) -> Result<Self, Refusal> {
        let kept = self.account().is_none_or(|account| {
            account.refunded_minor <= account.captured_minor && account.captured_minor <= account.amount.amount_minor
        });
        if kept { Ok(self) } else { Err(Refusal::BooksDiffer) }
    }
}

impl Account {
    /// The account after a void, whose sums are final: calls that were under way may not have reported yet.
    fn reversed(self, found: Reversal) -> Result<Self, Refusal> {
        let captured = self.captured_minor..=self.amount.amount_minor;
        let given_back = 0..=found.captured_minor;
        if !captured.contains(&found.captured_minor) || !given_back.contains(&found.given_back_minor) {
            return Err(Refusal::BooksDiffer);
        }
        Ok(Self { captured_minor: found.captured_minor, refunded_minor: found.captured_minor, ..self })
    }
}
