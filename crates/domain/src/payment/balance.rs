//! The amounts of one payment. Always: refunded <= captured <= authorized.

use super::operation::CaptureAttempt;
use super::refusal::Refusal;
use super::status::PaymentStatus;
use crate::money::Money;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The authorized amount.
    pub amount: Money,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    /// One per shipment, and further ones after declines.
    pub captures: PartialOperations<CaptureAttempt>,
    /// One per cause.
    pub refunds: PartialOperations<String>,
    /// One per attempt.
    pub reauthorizations: PartialOperations<u32>,
}

pub type PartialOperations<K> = BTreeMap<K, PartialOperation>;

/// A capture, a refund or a reauthorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialOperation {
    pub amount_minor: i64,
    pub state: OperationState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// The gateway may have done it. Its amount is committed until the gateway declines.
    Requested,
    Done,
    /// The gateway declined, which is final; with its reason.
    Declined(String),
    /// The same of a capture, and a person gave it up.
    WrittenOff(String),
}

impl PartialOperation {
    fn is_committed(&self) -> bool {
        !matches!(self.state, OperationState::Declined(_) | OperationState::WrittenOff(_))
    }
}

impl Balance {
    pub fn new(amount: Money) -> Self {
        let (captures, refunds) = (PartialOperations::new(), PartialOperations::new());
        let reauthorizations = PartialOperations::new();
        Self { amount, captured_minor: 0, refunded_minor: 0, captures, refunds, reauthorizations }
    }

    pub(super) fn status(&self) -> PaymentStatus {
        match (self.captured_minor, self.refunded_minor) {
            (0, _) => PaymentStatus::Authorized,
            (captured, refunded) if refunded == captured => PaymentStatus::Refunded,
            (captured, _) if captured == self.amount.amount_minor => PaymentStatus::Captured,
            _ => PaymentStatus::PartlyCaptured,
        }
    }

    /// What is captured and neither refunded nor possibly refunded.
    pub fn refundable_minor(&self) -> i64 {
        self.captured_minor - committed_minor(&self.refunds)
    }

    /// True when the capture is new; false when it was requested before. A shipment is captured once: another attempt
    /// is refused unless the earlier ones were declined.
    pub(super) fn request_capture(&mut self, capture: CaptureAttempt, amount: Money) -> Result<bool, Refusal> {
        let left = self.amount.amount_minor - committed_minor(&self.captures);
        self.check(amount)?;
        let mut others = self.captures.iter().filter(|(other, _)| other.shipment == capture.shipment);
        if !self.captures.contains_key(&capture) && others.any(|(_, operation)| operation.is_committed()) {
            return Err(Refusal::EarlierAttempt);
        }
        request(&mut self.captures, capture, amount.amount_minor, left)
    }

    /// True when the refund is new; false when it was requested before.
    pub(super) fn request_refund(&mut self, cause: String, amount: Money) -> Result<bool, Refusal> {
        let left = self.refundable_minor();
        self.check(amount)?;
        request(&mut self.refunds, cause, amount.amount_minor, left)
    }

    /// True when the reauthorization is new; false when it was requested before, and when nothing is left to capture.
    pub(super) fn request_reauthorization(&mut self, attempt: u32) -> bool {
        let left = self.amount.amount_minor - self.captured_minor;
        if left == 0 || self.reauthorizations.contains_key(&attempt) {
            return false;
        }
        let requested = PartialOperation { amount_minor: left, state: OperationState::Requested };
        self.reauthorizations.insert(attempt, requested);
        true
    }

    /// True when the write-off is new; false when it is recorded, or the amount was captured after all.
    pub(super) fn write_off(&mut self, capture: &CaptureAttempt, amount: Money) -> Result<bool, Refusal> {
        let operation = self.captures.get_mut(capture).ok_or(Refusal::NeverRequested)?;
        if operation.amount_minor != amount.amount_minor {
            return Err(Refusal::OtherAmount);
        }
        match &operation.state {
            OperationState::Declined(reason) => operation.state = OperationState::WrittenOff(reason.clone()),
            OperationState::WrittenOff(_) | OperationState::Done => return Ok(false),
            OperationState::Requested => return Err(Refusal::NotDeclined),
        }
        Ok(true)
    }

    /// What people gave up.
    pub fn written_off_minor(&self) -> i64 {
        let written_off = self.captures.values().filter(|it| matches!(it.state, OperationState::WrittenOff(_)));
        written_off.map(|capture| capture.amount_minor).sum()
    }

    fn check(&self, amount: Money) -> Result<(), Refusal> {
        let amount = Money::new(amount.amount_minor, amount.currency)?;
        if amount.currency == self.amount.currency { Ok(()) } else { Err(Refusal::OtherCurrency) }
    }
}

/// The sum of the operations that are done or may be done.
fn committed_minor<K>(operations: &PartialOperations<K>) -> i64 {
    let committed = operations.values().filter(|operation| operation.is_committed());
    committed.map(|operation| operation.amount_minor).sum()
}

fn request<K: Ord>(
    operations: &mut PartialOperations<K>,
    key: K,
    amount_minor: i64,
    left: i64,
) -> Result<bool, Refusal> {
    match operations.get(&key) {
        Some(known) if known.amount_minor != amount_minor => Err(Refusal::OtherAmount),
        Some(_) => Ok(false),
        None if amount_minor > left => Err(Refusal::TooMuch { requested: amount_minor, left }),
        None => {
            operations.insert(key, PartialOperation { amount_minor, state: OperationState::Requested });
            Ok(true)
        }
    }
}

/// Marks an operation done. Returns its amount, or `None` when it was done before.
pub(super) fn finish<K: Ord>(operations: &mut PartialOperations<K>, key: &K) -> Result<Option<i64>, Refusal> {
    let operation = operations.get_mut(key).ok_or(Refusal::NeverRequested)?;
    if operation.state == OperationState::Done {
        return Ok(None);
    }
    // Also after a decline: if the gateway did it after all, the money has moved, and must be recorded.
    operation.state = OperationState::Done;
    Ok(Some(operation.amount_minor))
}

/// Marks an operation declined; false when it is done or was declined before.
pub(super) fn decline<K: Ord>(operations: &mut PartialOperations<K>, key: &K, reason: String) -> Result<bool, Refusal> {
    let operation = operations.get_mut(key).ok_or(Refusal::NeverRequested)?;
    if operation.state != OperationState::Requested {
        return Ok(false);
    }
    operation.state = OperationState::Declined(reason);
    Ok(true)
}
