//! Query: refunds of all orders with one status, such as those that a person has to review.

use crate::error::PaymentsError;
use crate::store::{self, Refund, RefundCursor};
use domain::page::{Page, PageSize};
use domain::refund::RefundStatus;
use sqlx::PgPool;

/// A page of the refunds with this status, the longest unchanged first.
pub async fn list_refunds(
    pool: &PgPool,
    status: RefundStatus,
    after: Option<RefundCursor>,
    limit: PageSize,
) -> Result<Page<Refund, RefundCursor>, PaymentsError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let rows = store::list_refunds(&mut connection, status, after, limit.rows_max()).await?;
    Ok(limit.cut(rows, |refund| RefundCursor { updated_at: refund.updated_at, id: refund.id }))
}
