//! Table `payments.settlements`, and the sums of the money ledger that it is made of.

use crate::error::PaymentsError;
use crate::settlement::{MovedSums, Settlement, SettlementStatus};
use chrono::NaiveDate;
use domain::Timestamp;
use domain::money::Currency;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::fmt;
use std::str::FromStr;

const SETTLEMENTS: &str = "payments.settlements";

/// The last settlement of a page; the next page has those after it. Written as `DAY~GATEWAY~CURRENCY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementCursor {
    day: NaiveDate,
    gateway: String,
    currency: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of settlements")]
pub struct InvalidSettlementCursor;

struct SettlementRow {
    day: NaiveDate,
    gateway: String,
    currency: String,
    ledger_captured_minor: i64,
    ledger_returned_minor: i64,
    reported_captured_minor: Option<i64>,
    reported_returned_minor: Option<i64>,
    status: String,
    checked_at: Timestamp,
}

/// Whether the day has settlements, and none that differs.
pub(crate) async fn is_settled(connection: &mut PgConnection, day: NaiveDate, gateway: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(bool_and(status <> 'differs'), false) AS "is_settled!"
           FROM payments.settlements WHERE day = $1 AND gateway = $2"#,
        day,
        gateway,
    )
    .fetch_one(connection)
    .await
}

/// What was captured and returned in this time by the gateway's clock. Outcomes that are found more than a week later are
/// not counted: then the day is not compared any more.
pub(crate) async fn moved_on(
    tx: &mut PgConnection,
    (from, to): (Timestamp, Timestamp),
    gateway: &str,
) -> Result<Vec<(Currency, MovedSums)>, PaymentsError> {
    sqlx::query!("SET LOCAL statement_timeout = '5min'").execute(&mut *tx).await?;
    let rows = sqlx::query!(
        r#"SELECT currency,
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'captured'), 0)::bigint AS "captured_minor!",
                  coalesce(sum(amount_minor) FILTER (WHERE kind IN ('refunded', 'reversed')), 0)::bigint
                      AS "returned_minor!"
           FROM payments.ledger_entries
           WHERE at >= $1::timestamptz - interval '1 hour' AND at < $2::timestamptz + interval '7 days'
             AND executed_at >= $1 AND executed_at < $2 AND gateway = $3
             AND kind IN ('captured', 'refunded', 'reversed')
           GROUP BY currency ORDER BY currency"#,
        from,
        to,
        gateway,
    )
    .fetch_all(tx)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let currency =
            StoredRow::new("payments.ledger_entries", gateway).read_column("currency", row.currency.parse())?;
        Ok((currency, MovedSums { captured_minor: row.captured_minor, returned_minor: row.returned_minor }))
    });
    sums.collect()
}

pub(crate) async fn save_settlements(tx: &mut PgConnection, settlements: &[Settlement]) -> sqlx::Result<()> {
    for settlement in settlements {
        let status: &str = settlement.status.into();
        let MovedSums { captured_minor: ledger_captured_minor, returned_minor: ledger_returned_minor } =
            settlement.ledger;
        let reported_captured_minor = settlement.reported.map(|reported| reported.captured_minor);
        let reported_returned_minor = settlement.reported.map(|reported| reported.returned_minor);
        sqlx::query!(
            "INSERT INTO payments.settlements
                 (day, gateway, currency, ledger_captured_minor, ledger_returned_minor, reported_captured_minor,
                  reported_returned_minor, status, checked_at)
             SELECT $1 AS day, $2 AS gateway, $3 AS currency, $4 AS ledger_captured_minor, $5 AS ledger_returned_minor,
                    $6 AS reported_captured_minor, $7 AS reported_returned_minor, $8 AS status, $9 AS checked_at
             ON CONFLICT (day, gateway, currency) DO UPDATE
             SET ledger_captured_minor = excluded.ledger_captured_minor,
                 ledger_returned_minor = excluded.ledger_returned_minor,
                 reported_captured_minor = excluded.reported_captured_minor,
                 reported_returned_minor = excluded.reported_returned_minor, status = excluded.status,
                 checked_at = excluded.checked_at",
            settlement.day,
            settlement.gateway,
            settlement.currency.code(),
            ledger_captured_minor,
            ledger_returned_minor,
            reported_captured_minor,
            reported_returned_minor,
            status,
            settlement.checked_at,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// At most `rows_max` settlements after `after`, the newest day first.
pub(crate) async fn list_settlements(
    connection: &mut PgConnection,
    status: Option<SettlementStatus>,
    after: Option<&SettlementCursor>,
    rows_max: u32,
) -> Result<Vec<Settlement>, PaymentsError> {
    let status: Option<&'static str> = status.map(SettlementStatus::into);
    let (day, gateway, currency) =
        after.map_or((DAYS.1, "", ""), |after| (after.day, after.gateway.as_str(), after.currency.as_str()));
    let rows = sqlx::query_as!(
        SettlementRow,
        "SELECT day, gateway, currency, ledger_captured_minor, ledger_returned_minor, reported_captured_minor,
                reported_returned_minor, status, checked_at
         FROM payments.settlements
         WHERE (day < $1 OR (day = $1 AND (gateway, currency) > ($2, $3))) AND ($4::text IS NULL OR status = $4)
         ORDER BY day DESC, gateway, currency LIMIT $5",
        day,
        gateway,
        currency,
        status,
        i64::from(rows_max),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Settlement::try_from).collect()
}

/// Every settled day is between these. Postgres has no days as early or late as `chrono` does.
const DAYS: (NaiveDate, NaiveDate) =
    (NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day"), NaiveDate::from_ymd_opt(9_999, 12, 31).expect("a day"));

impl SettlementCursor {
    pub(crate) fn of(settlement: &Settlement) -> Self {
        let Settlement { day, ref gateway, currency, .. } = *settlement;
        Self { day, gateway: gateway.clone(), currency: currency.code().to_owned() }
    }
}

impl fmt::Display for SettlementCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.day, self.gateway, self.currency)
    }
}

impl FromStr for SettlementCursor {
    type Err = InvalidSettlementCursor;

    fn from_str(text: &str) -> Result<Self, InvalidSettlementCursor> {
        let (day, rest) = text.split_once('~').ok_or(InvalidSettlementCursor)?;
        let (gateway, currency) = rest.split_once('~').ok_or(InvalidSettlementCursor)?;
        let day = day.parse().ok().filter(|day| (DAYS.0..=DAYS.1).contains(day)).ok_or(InvalidSettlementCursor)?;
        Ok(Self { day, gateway: gateway.to_owned(), currency: currency.to_owned() })
    }
}

impl TryFrom<SettlementRow> for Settlement {
    type Error = PaymentsError;

    fn try_from(row: SettlementRow) -> Result<Self, PaymentsError> {
        let stored = StoredRow::new(SETTLEMENTS, row.day);
        let reported = row.reported_captured_minor.zip(row.reported_returned_minor);
        Ok(Self {
            day: row.day,
            gateway: row.gateway,
            currency: stored.read_column("currency", row.currency.parse())?,
            ledger: MovedSums { captured_minor: row.ledger_captured_minor, returned_minor: row.ledger_returned_minor },
            reported: reported.map(|(captured_minor, returned_minor)| MovedSums { captured_minor, returned_minor }),
            status: stored.read_column("status", row.status.parse())?,
            checked_at: row.checked_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_a_day_that_postgres_has() {
        let cursor: SettlementCursor = "2026-11-29~simulated~EUR".parse().expect("a cursor");
        assert_eq!(cursor.to_string(), "2026-11-29~simulated~EUR");
        for day in ["-9999-01-01", "+12000-01-01", "1969-12-31", "2026-02-30", ""] {
            assert_eq!(
                format!("{day}~simulated~EUR").parse::<SettlementCursor>(),
                Err(InvalidSettlementCursor),
                "{day}"
            );
        }
    }
}
