//! The money of one payment: refunded <= captured <= set aside, always.

use super::refusal::Refusal;
use super::status::PaymentStatus;
use crate::ids::ShipmentId;
use crate::money::Money;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What is set aside.
    pub amount: Money,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    /// One a shipment.
    pub captures: Parts<ShipmentId>,
    /// One a cause.
    pub refunds: Parts<String>,
}

pub type Parts<K> = BTreeMap<K, Part>;

/// A capture or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub amount_minor: i64,
    pub progress: Progress,
}

/// How far a part has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The gateway is asked, and may have done it: its amount counts as taken until the gateway declines.
    Asked,
    Done,
    /// The gateway said no, which is final; with its reason.
    Declined(String),
}

impl Account {
    pub fn new(amount: Money) -> Self {
        let (captures, refunds) = (Parts::new(), Parts::new());
        Self { amount, captured_minor: 0, refunded_minor: 0, captures, refunds }
    }

    pub(super) fn status(&self) -> PaymentStatus {
        match (self.captured_minor, self.refunded_minor) {
            (0, _) => PaymentStatus::Authorized,
            (captured, refunded) if refunded == captured => PaymentStatus::Refunded,
            (captured, _) if captured == self.amount.amount_minor => PaymentStatus::Captured,
            _ => PaymentStatus::PartlyCaptured,
        }
    }

    /// True when the capture is new; false when it was asked for before.
    pub(super) fn ask_capture(&mut self, shipment: ShipmentId, amount: Money) -> Result<bool, Refusal> {
        let left = self.amount.amount_minor - spoken_for(&self.captures);
        self.check(amount)?;
        ask(&mut self.captures, shipment, amount.amount_minor, left)
    }

    /// True when the refund is new; false when it was asked for before.
    pub(super) fn ask_refund(&mut self, cause: String, amount: Money) -> Result<bool, Refusal> {
        let left = self.captured_minor - spoken_for(&self.refunds);
        self.check(amount)?;
        ask(&mut self.refunds, cause, amount.amount_minor, left)
    }

    fn check(&self, amount: Money) -> Result<(), Refusal> {
        let amount = Money::new(amount.amount_minor, amount.currency)?;
        if amount.currency == self.amount.currency { Ok(()) } else { Err(Refusal::OtherCurrency) }
    }
}

/// What is done, or may be.
fn spoken_for<K>(parts: &Parts<K>) -> i64 {
    let counted = parts.values().filter(|part| !matches!(part.progress, Progress::Declined(_)));
    counted.map(|part| part.amount_minor).sum()
}

fn ask<K: Ord>(parts: &mut Parts<K>, key: K, amount_minor: i64, left: i64) -> Result<bool, Refusal> {
    match parts.get(&key) {
        Some(part) if part.amount_minor != amount_minor => Err(Refusal::OtherAmount),
        Some(Part { progress: Progress::Declined(reason), .. }) => Err(Refusal::DeclinedByGateway(reason.clone())),
        Some(_) => Ok(false),
        None if amount_minor > left => Err(Refusal::TooMuch { asked: amount_minor, left }),
        None => {
            parts.insert(key, Part { amount_minor, progress: Progress::Asked });
            Ok(true)
        }
    }
}

/// Marks a part done; its amount when that is news.
pub(super) fn finish<K: Ord>(parts: &mut Parts<K>, key: &K) -> Result<Option<i64>, Refusal> {
    let part = parts.get_mut(key).ok_or(Refusal::NeverAsked)?;
    if part.progress == Progress::Done {
        return Ok(None);
    }
    // Also after a no: if the gateway did it after all, the money has moved, and we must know.
    part.progress = Progress::Done;
    Ok(Some(part.amount_minor))
}

/// Marks a part declined; true when that is news.
pub(super) fn decline<K: Ord>(parts: &mut Parts<K>, key: &K, reason: String) -> Result<bool, Refusal> {
    let part = parts.get_mut(key).ok_or(Refusal::NeverAsked)?;
    if part.progress != Progress::Asked {
        return Ok(false);
    }
    part.progress = Progress::Declined(reason);
    Ok(true)
}
