//! Query: refunds of all orders with one status, such as those that a person has to review.

use crate::error::PaymentsError;
use crate::store::{self, Refund};
use domain::Timestamp;
use domain::ids::RefundId;
use domain::page::{Page, PageSize};
use domain::refund::RefundStatus;
use sqlx::PgPool;
use std::fmt;
use std::str::FromStr;

/// The last refund of a page; the next page has those that changed later. Written as `MICROSECONDS~ID`, the time since
/// 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundCursor {
    pub(crate) updated_at: Timestamp,
    pub(crate) id: RefundId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of refunds")]
pub struct InvalidRefundCursor;

/// The year 5138. Later times are no times of Postgres.
const MICROS_MAX: i64 = 100_000_000_000_000_000;

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

impl fmt::Display for RefundCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.updated_at.timestamp_micros(), self.id)
    }
}

impl FromStr for RefundCursor {
    type Err = InvalidRefundCursor;

    fn from_str(text: &str) -> Result<Self, InvalidRefundCursor> {
        let parse = || {
            let (micros, id) = text.split_once('~')?;
            let micros = micros.parse().ok().filter(|micros| (0..MICROS_MAX).contains(micros))?;
            Some(Self { updated_at: Timestamp::from_timestamp_micros(micros)?, id: id.parse().ok()? })
        };
        parse().ok_or(InvalidRefundCursor)
    }
}
