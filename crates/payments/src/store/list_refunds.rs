//! Table `payments.refunds`: lists those with one status, of all orders.

use super::refunds::{Refund, find_refunds};
use crate::error::PaymentsError;
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::page::parse_cursor_time;
use domain::refund::RefundStatus;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

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

/// At most `rows_max` refunds after `after`, the longest unchanged first.
pub(crate) async fn list_refunds(
    connection: &mut PgConnection,
    status: RefundStatus,
    after: Option<RefundCursor>,
    rows_max: u32,
) -> Result<Vec<Refund>, PaymentsError> {
    let (after, id) =
        after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |after| (after.updated_at, after.id.as_uuid()));
    let found = sqlx::query!(
        "SELECT order_id, id FROM payments.refunds
         WHERE status = $1 AND (updated_at, id) > ($2, $3) ORDER BY updated_at, id LIMIT $4",
        <&str>::from(status),
        after,
        id,
        i64::from(rows_max),
    )
    .fetch_all(&mut *connection)
    .await?;
    let orders: Vec<_> = found.iter().map(|row| OrderId::from_uuid(row.order_id)).collect();
    let refunds = find_refunds(connection, &orders).await?.into_values().flatten();
    let mut refunds: HashMap<_, _> = refunds.map(|refund| (refund.id.as_uuid(), refund)).collect();
    Ok(found.into_iter().filter_map(|row| refunds.remove(&row.id)).collect())
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
            Some(Self { updated_at: parse_cursor_time(micros)?, id: id.parse().ok()? })
        };
        parse().ok_or(InvalidRefundCursor)
    }
}
