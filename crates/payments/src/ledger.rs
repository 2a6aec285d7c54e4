//! The money ledger as it is read: ranges, entries and sums.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ProviderKey};
use domain::money::{Currency, Money};
use domain::page::parse_cursor_time;
use domain::payment::LedgerEntryKind;
use std::fmt;
use std::str::FromStr;

/// The longest range of one query.
pub const LEDGER_RANGE_MAX: TimeDelta = TimeDelta::days(31);

/// From a time on, and before another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerRange {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be after `from`, and at most {} days later", LEDGER_RANGE_MAX.num_days())]
pub struct InvalidLedgerRange;

#[derive(Debug, Clone)]
pub struct LedgerFilter {
    pub range: LedgerRange,
    pub currency: Option<Currency>,
    pub kind: Option<LedgerEntryKind>,
}

/// An entry of the money ledger; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntryView {
    /// When it was recorded.
    pub at: Timestamp,
    pub order_id: OrderId,
    /// The operation whose report showed it.
    pub key: ProviderKey,
    pub kind: LedgerEntryKind,
    /// Negative if it corrects an earlier entry.
    pub amount: Money,
    pub gateway: String,
    /// What the operation is for: the shipment of a capture or the refund, with the attempt; else empty.
    pub cause: String,
    /// The command whose call reported it; `None` if a person recorded it.
    pub message_id: Option<MessageId>,
}

/// What the entries of a gateway and a currency add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSummary {
    pub gateway: String,
    pub currency: Currency,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub voided_minor: i64,
    pub refunded_minor: i64,
    pub reversed_minor: i64,
    pub written_off_minor: i64,
    pub entries: i64,
}

/// The last entry of a page; the next page has later ones. Written as `MICROSECONDS~KEY~KIND`, the time since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerCursor {
    pub(crate) at: Timestamp,
    pub(crate) key: ProviderKey,
    pub(crate) kind: LedgerEntryKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of the ledger")]
pub struct InvalidLedgerCursor;

impl LedgerRange {
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, InvalidLedgerRange> {
        if from < to && to - from <= LEDGER_RANGE_MAX { Ok(Self { from, to }) } else { Err(InvalidLedgerRange) }
    }
}

impl LedgerEntryView {
    pub fn cursor(&self) -> LedgerCursor {
        LedgerCursor { at: self.at, key: self.key, kind: self.kind }
    }
}

impl fmt::Display for LedgerCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.at.timestamp_micros(), self.key.as_uuid(), self.kind)
    }
}

impl FromStr for LedgerCursor {
    type Err = InvalidLedgerCursor;

    fn from_str(text: &str) -> Result<Self, InvalidLedgerCursor> {
        let parse = || {
            let (micros, rest) = text.split_once('~')?;
            let (key, kind) = rest.split_once('~')?;
            let at = parse_cursor_time(micros)?;
            Some(Self { at, key: ProviderKey::from_uuid(key.parse().ok()?), kind: kind.parse().ok()? })
        };
        parse().ok_or(InvalidLedgerCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_parsed_back_and_an_invalid_one_is_refused() {
        let at = "2026-11-28T12:00:00.000001Z".parse().expect("a time");
        let key = ProviderKey::from_uuid(uuid::Uuid::from_u128(7));
        let cursor = LedgerCursor { at, key, kind: LedgerEntryKind::Captured };

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let of_key = |micros: &str, kind: &str| format!("{micros}~{}~{kind}", key.as_uuid());
        for invalid in [of_key("-1", "captured"), of_key("1", "paid"), of_key("x", "captured"), "1~2".to_owned()] {
            assert_eq!(invalid.parse::<LedgerCursor>(), Err(InvalidLedgerCursor), "{invalid}");
        }
    }

    #[test]
    fn a_range_has_at_most_31_days() {
        let from: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
        let until = |seconds| LedgerRange::new(from, from + TimeDelta::seconds(seconds));
        let most = 31 * 24 * 3_600;
        assert!(until(1).is_ok() && until(most).is_ok());
        for invalid in [0, -1, most + 1] {
            assert_eq!(until(invalid), Err(InvalidLedgerRange), "{invalid}");
        }
    }
}
