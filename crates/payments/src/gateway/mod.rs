//! What we ask of somebody who moves money for us.
//!
//! The contract, held by `tests/it/gateway_contract.rs` for any implementation:
//! - The same key gets the same answer, and the work under it is done once. A decline is final.
//! - A void is asked for by the key of the authorization, and has no key: to let go twice is to let go once. It
//!   releases what was not taken, gives back what was, and from then on **refuses everything under that key**, even
//!   an authorization that it has never heard of and that is still on its way. Not every provider promises the last
//!   (some cancel only what they have): an adapter for one that doesn't must keep such a tombstone itself, and look for
//!   late authorizations. As a second line, the payment's rules let go again of an authorization that they hear of
//!   after a void that found nothing.
//! - Whoever times out, loses the connection or reads a 5xx says `Unknown`: the work may be done.

pub mod simulated;

use domain::ids::ProviderKey;
use domain::money::Money;
use domain::payment::Reversal;

pub trait PaymentGateway: Send + Sync + 'static {
    /// What it is called where its calls are counted.
    const NAME: &'static str;

    /// Sets money aside.
    fn authorize(&self, ask: Authorize) -> impl Future<Output = Outcome<Receipt>> + Send;

    /// Takes some of what is set aside.
    fn capture(&self, ask: Movement) -> impl Future<Output = Outcome<Receipt>> + Send;

    /// Lets go of what is set aside under `authorization`, and gives back what was taken of it.
    fn void(&self, authorization: ProviderKey) -> impl Future<Output = Outcome<Reversal>> + Send;

    /// Gives back some of what was taken.
    fn refund(&self, ask: Movement) -> impl Future<Output = Outcome<Receipt>> + Send;

    /// What became of the work under `key`: an authorization, a capture or a refund.
    fn look_up(&self, key: ProviderKey) -> impl Future<Output = LookUp> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorize {
    pub key: ProviderKey,
    pub amount: Money,
    /// The payment method, by the name that the order gave.
    pub method: String,
}

/// A capture or a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    pub key: ProviderKey,
    /// The key of the authorization that the money is part of.
    pub authorization: ProviderKey,
    pub amount: Money,
}

/// What the gateway calls the work that it has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub reference: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    Answered(T),
    /// No, and that is final.
    Declined {
        reason: String,
    },
    /// It may be done, or not.
    Unknown {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    Done(Receipt),
    Declined {
        reason: String,
    },
    /// The gateway has done nothing under this key; what is on its way may still come.
    Absent,
    Unknown {
        why: String,
    },
}

impl<T> Outcome<T> {
    pub(crate) fn declined(reason: &str) -> Self {
        Self::Declined { reason: reason.to_owned() }
    }

    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }
}
