//! Compares the money ledger of each ended day with the report of each gateway.

use crate::error::{PaymentsError, SettlementError};
use crate::gateway::{SettlementReport, StartedGateway, day_bounds};
use crate::settlement::{Settlement, SettlementStatus, compare};
use crate::store::{self, SettlementCursor};
use chrono::{Days, NaiveDate, TimeDelta};
use domain::Timestamp;
use domain::page::{Page, PageSize};
use sqlx::PgPool;
use std::time::Duration;

/// A day is compared this long after its end: by then the outcomes of its last calls are recorded.
const SETTLED_AFTER: TimeDelta = TimeDelta::hours(1);
/// Days that differ, or have nothing, are compared again for so long: outcomes may be found late.
const DAYS_CHECKED: u64 = 7;
/// How long a gateway may take to make its report.
const REPORT_TIMEOUT: Duration = Duration::from_mins(1);

/// Stores the settlements of the last days that are not matched yet. Returns how many it stored; fails if a report could
/// not be read, after the others are stored. Safe to run in two processes at once: both store the same.
pub async fn summarize_settlements(
    pool: &PgPool,
    gateways: &[StartedGateway],
    now: Timestamp,
) -> Result<usize, SettlementError> {
    let last = (now - SETTLED_AFTER).date_naive();
    let days = (1..=DAYS_CHECKED).rev().filter_map(|ago| last.checked_sub_days(Days::new(ago)));
    let (mut stored, mut missing) = (0, None);
    for day in days {
        for gateway in gateways {
            match summarize_day(pool, gateway, day, now).await {
                Ok(settlements) => stored += settlements,
                Err(error @ SettlementError::NoReport { .. }) => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
    }
    missing.map_or(Ok(stored), Err)
}

async fn summarize_day(
    pool: &PgPool,
    StartedGateway { info, gateway }: &StartedGateway,
    day: NaiveDate,
    now: Timestamp,
) -> Result<usize, SettlementError> {
    if store::is_settled(&mut *platform::postgres::reader(pool).await?, day, info.name).await? {
        return Ok(0);
    }
    let report = tokio::time::timeout(REPORT_TIMEOUT, gateway.settled(day)).await;
    let report = report.unwrap_or_else(|_elapsed| SettlementReport::Unavailable("no response".to_owned()));
    let reported = match report {
        SettlementReport::Unavailable(why) => return Err(SettlementError::NoReport { gateway: info.name, day, why }),
        SettlementReport::None => None,
        SettlementReport::Sums(sums) => Some(sums),
    };
    let mut tx = platform::postgres::begin(pool).await?;
    let ledger = store::moved_on(&mut tx, day_bounds(day), info.name).await?;
    let settlements = compare((day, info.name), &ledger, reported, now);
    for settlement in settlements.iter().filter(|it| it.status == SettlementStatus::Differs) {
        let currency = settlement.currency.code();
        tracing::warn!(gateway = info.name, %day, currency, "The gateway reports other sums than the ledger has");
    }
    store::save_settlements(&mut tx, &settlements).await?;
    tx.commit().await?;
    Ok(settlements.len())
}

/// A page of the settlements, the newest day first; all, or those with one status.
pub async fn list_settlements(
    pool: &PgPool,
    status: Option<SettlementStatus>,
    after: Option<&SettlementCursor>,
    limit: PageSize,
) -> Result<Page<Settlement, SettlementCursor>, PaymentsError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let rows = store::list_settlements(&mut connection, status, after, limit.rows_max()).await?;
    Ok(limit.cut(rows, SettlementCursor::of))
}
