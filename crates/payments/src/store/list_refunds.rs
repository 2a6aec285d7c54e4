//! Table `payments.refunds`: lists those with one status, of all orders.

use super::refunds::{Refund, find_refunds};
use crate::error::PaymentsError;
use crate::refunds::RefundCursor;
use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use domain::refund::RefundStatus;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// At most `rows_max` refunds after `after`, the longest unchanged first.
pub(crate) async fn list_refunds(
    connection: &mut PgConnection,
    status: RefundStatus,
    after: Option<RefundCursor>,
    rows_max: u32,
) -> Result<Vec<Refund>, PaymentsError> {
    let (after, id) =
        after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |after| (after.updated_at, after.id.as_uuid()));
    let found = match status {
        RefundStatus::Pending | RefundStatus::Unknown | RefundStatus::ManualReview => {
            without_outcome(connection, status.into(), (after, id), rows_max).await?
        }
        RefundStatus::Succeeded | RefundStatus::Refused => {
            with_outcome(connection, status.into(), (after, id), rows_max).await?
        }
    };
    let orders: Vec<_> = found.iter().map(|(order, _refund)| *order).collect();
    let refunds = find_refunds(connection, &orders).await?.into_values().flatten();
    let mut refunds: HashMap<_, _> = refunds.map(|refund| (refund.id, refund)).collect();
    Ok(found.into_iter().filter_map(|(_order, id)| refunds.remove(&id)).collect())
}

/// By index `refunds_without_outcome`.
async fn without_outcome(
    connection: &mut PgConnection,
    status: &str,
    (after, id): (Timestamp, Uuid),
    rows_max: u32,
) -> sqlx::Result<Vec<(OrderId, RefundId)>> {
    let rows = sqlx::query!(
        "SELECT order_id, id FROM payments.refunds
         WHERE status = $1 AND status IN ('pending', 'unknown', 'manual_review') AND (updated_at, id) > ($2, $3)
         ORDER BY updated_at, id LIMIT $4",
        status,
        after,
        id,
        i64::from(rows_max),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (OrderId::from_uuid(row.order_id), RefundId::from_uuid(row.id))).collect())
}

/// By index `refunds_with_outcome`.
async fn with_outcome(
    connection: &mut PgConnection,
    status: &str,
    (after, id): (Timestamp, Uuid),
    rows_max: u32,
) -> sqlx::Result<Vec<(OrderId, RefundId)>> {
    let rows = sqlx::query!(
        "SELECT order_id, id FROM payments.refunds
         WHERE status = $1 AND status IN ('succeeded', 'refused', 'manual_review') AND (updated_at, id) > ($2, $3)
         ORDER BY updated_at, id LIMIT $4",
        status,
        after,
        id,
        i64::from(rows_max),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (OrderId::from_uuid(row.order_id), RefundId::from_uuid(row.id))).collect())
}
