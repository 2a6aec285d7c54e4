//! The settlement of a day: what the money ledger says was captured and returned, beside the gateway's report.

use crate::gateway::SettledSums;
use chrono::NaiveDate;
use domain::Timestamp;
use domain::money::Currency;
use std::collections::BTreeMap;

domain::string_enum! {
    pub enum SettlementStatus {
        Matched,
        /// The gateway reports other sums.
        Differs,
        /// The gateway has no report.
        Unreported,
    }
}

/// The settlement of a day of UTC with a gateway, in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub day: NaiveDate,
    pub gateway: String,
    pub currency: Currency,
    pub ledger: MovedSums,
    /// `None` if the gateway has no report.
    pub reported: Option<MovedSums>,
    pub status: SettlementStatus,
    pub checked_at: Timestamp,
}

/// What was captured, and what was refunded or reversed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MovedSums {
    pub captured_minor: i64,
    pub returned_minor: i64,
}

/// Compares both; without `reported` if the gateway has no report.
pub(crate) fn compare(
    (day, gateway): (NaiveDate, &str),
    ledger: &[(Currency, MovedSums)],
    reported: Option<Vec<SettledSums>>,
    now: Timestamp,
) -> Vec<Settlement> {
    let has_report = reported.is_some();
    let mut sums: BTreeMap<&str, (Currency, MovedSums, MovedSums)> = BTreeMap::new();
    for (currency, moved) in ledger {
        sums.entry(currency.code()).or_insert((*currency, MovedSums::default(), MovedSums::default())).1 = *moved;
    }
    for it in reported.unwrap_or_default() {
        let moved = MovedSums { captured_minor: it.captured_minor, returned_minor: it.returned_minor };
        sums.entry(it.currency.code()).or_insert((it.currency, MovedSums::default(), MovedSums::default())).2 = moved;
    }
    let settlement = |(currency, ledger, reported)| Settlement {
        day,
        gateway: gateway.to_owned(),
        currency,
        ledger,
        reported: has_report.then_some(reported),
        status: match (has_report, ledger == reported) {
            (false, _) => SettlementStatus::Unreported,
            (true, true) => SettlementStatus::Matched,
            (true, false) => SettlementStatus::Differs,
        },
        checked_at: now,
    };
    sums.into_values().map(settlement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency")
    }

    fn compared(ledger: &[(&str, i64, i64)], report: Option<&[(&str, i64, i64)]>) -> Vec<(String, SettlementStatus)> {
        let moved = |captured_minor, returned_minor| MovedSums { captured_minor, returned_minor };
        let ledger: Vec<_> = ledger.iter().map(|(code, one, other)| (currency(code), moved(*one, *other))).collect();
        let sums = |(code, captured_minor, returned_minor): &(&str, i64, i64)| {
            let currency = currency(code);
            SettledSums { currency, captured_minor: *captured_minor, returned_minor: *returned_minor }
        };
        let report = report.map(|report| report.iter().map(sums).collect());
        let compared = compare((NaiveDate::default(), "some"), &ledger, report, Timestamp::UNIX_EPOCH).into_iter();
        compared.map(|settlement| (settlement.currency.code().to_owned(), settlement.status)).collect()
    }

    #[test]
    fn a_day_matches_only_if_both_say_the_same_of_each_currency() {
        let both = [("EUR", 100, 0), ("USD", 500, 200)];
        let of = |status| vec![("EUR".to_owned(), status), ("USD".to_owned(), status)];
        assert_eq!(compared(&both, Some(&both)), of(SettlementStatus::Matched));
        assert_eq!(compared(&both, None), of(SettlementStatus::Unreported));
        assert_eq!(compared(&both, Some(&[])), of(SettlementStatus::Differs));
        assert_eq!(compared(&[], Some(&both)), of(SettlementStatus::Differs));
        let other = compared(&both, Some(&[("EUR", 100, 0), ("USD", 500, 201)]));
        assert_eq!(
            other.iter().map(|(_, status)| *status).collect::<Vec<_>>(),
            [SettlementStatus::Matched, SettlementStatus::Differs]
        );
    }
}
