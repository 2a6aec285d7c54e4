//! Queries: the money ledger of a range of time, page by page, and its sums. The oldest entries come first, so that a
//! later export of an ended range adds to what was exported, if anything.

use crate::error::PaymentsError;
use crate::ledger::{LedgerCursor, LedgerEntryView, LedgerFilter, LedgerSummary};
use crate::store;
use domain::page::{Page, PageSize};
use sqlx::PgPool;

pub async fn list_ledger(
    pool: &PgPool,
    filter: &LedgerFilter,
    after: Option<LedgerCursor>,
    limit: PageSize,
) -> Result<Page<LedgerEntryView, LedgerCursor>, PaymentsError> {
    let rows = read_ledger(pool, filter, after, limit.rows_max()).await?;
    Ok(limit.cut(rows, LedgerEntryView::cursor))
}

/// At most `rows_max` entries after `after`: for an export, which has no pages.
pub async fn read_ledger(
    pool: &PgPool,
    filter: &LedgerFilter,
    after: Option<LedgerCursor>,
    rows_max: u32,
) -> Result<Vec<LedgerEntryView>, PaymentsError> {
    store::list_ledger(&mut *platform::postgres::reader(pool).await?, filter, after, rows_max).await
}

/// One row per gateway and currency.
pub async fn summarize_ledger(pool: &PgPool, filter: &LedgerFilter) -> Result<Vec<LedgerSummary>, PaymentsError> {
    store::summarize_ledger(&mut *platform::postgres::reader(pool).await?, filter).await
}
