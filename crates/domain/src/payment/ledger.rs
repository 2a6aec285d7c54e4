//! The money ledger of a payment: what each change moved. The amounts of a payment are the sums of its entries.

use super::Payment;

crate::string_enum! {
    pub enum LedgerEntryKind {
        /// Reserved on the payment method.
        Authorized,
        /// Collected.
        Captured,
        /// Released by a void: it was authorized and not captured.
        Voided,
        /// Returned by a refund.
        Refunded,
        /// Returned by a void, which had been captured.
        Reversed,
        /// A declined capture that a person gave up. It moves no money.
        WrittenOff,
    }
}

/// What a change of a payment moved. Negative if it corrects what was recorded before: a person may have recorded the
/// outcome of a refund wrongly, which a later void shows, or a capture that was written off succeeds after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    pub kind: LedgerEntryKind,
    /// Not zero.
    pub amount_minor: i64,
}

/// What a payment has moved, per kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerSums {
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub voided_minor: i64,
    pub refunded_minor: i64,
    pub reversed_minor: i64,
    pub written_off_minor: i64,
}

/// The entries of a change from `before` to `after`: at most one of each kind.
pub fn ledger_entries(before: &Payment, after: &Payment) -> Vec<LedgerEntry> {
    let (before, after) = (LedgerSums::of(before).by_kind(), LedgerSums::of(after).by_kind());
    let moved = before.into_iter().zip(after);
    let moved = moved.map(|((kind, before), (_, after))| LedgerEntry { kind, amount_minor: after - before });
    moved.filter(|entry| entry.amount_minor != 0).collect()
}

impl LedgerSums {
    /// What a payment in this state has moved.
    pub fn of(payment: &Payment) -> Self {
        let (authorized, reversed_minor, is_voided) = match payment {
            Payment::Authorizing { .. } | Payment::Declined { .. } | Payment::Tombstone => (false, 0, false),
            Payment::Open(_) => (true, 0, false),
            Payment::Voiding { authorized, .. } => (*authorized, 0, false),
            Payment::Voided { authorized, refunded_by_void_minor, .. } => (*authorized, *refunded_by_void_minor, true),
        };
        let Some(balance) = payment.balance() else { return Self::default() };
        let authorized_minor = if authorized { balance.amount.amount_minor } else { 0 };
        let captured_minor = balance.captured_minor;
        let voided_minor = if authorized && is_voided { authorized_minor - captured_minor } else { 0 };
        let refunded_minor = balance.refunded_minor - reversed_minor;
        let written_off_minor = balance.written_off_minor();
        Self { authorized_minor, captured_minor, voided_minor, refunded_minor, reversed_minor, written_off_minor }
    }

    pub fn add(&mut self, entry: LedgerEntry) {
        let sum = match entry.kind {
            LedgerEntryKind::Authorized => &mut self.authorized_minor,
            LedgerEntryKind::Captured => &mut self.captured_minor,
            LedgerEntryKind::Voided => &mut self.voided_minor,
            LedgerEntryKind::Refunded => &mut self.refunded_minor,
            LedgerEntryKind::Reversed => &mut self.reversed_minor,
            LedgerEntryKind::WrittenOff => &mut self.written_off_minor,
        };
        *sum += entry.amount_minor;
    }

    fn by_kind(self) -> [(LedgerEntryKind, i64); 6] {
        [
            (LedgerEntryKind::Authorized, self.authorized_minor),
            (LedgerEntryKind::Captured, self.captured_minor),
            (LedgerEntryKind::Voided, self.voided_minor),
            (LedgerEntryKind::Refunded, self.refunded_minor),
            (LedgerEntryKind::Reversed, self.reversed_minor),
            (LedgerEntryKind::WrittenOff, self.written_off_minor),
        ]
    }
}
