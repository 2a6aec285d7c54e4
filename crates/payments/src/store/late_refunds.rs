//! Refunds that task `reconcile_payments` looks after: those of unknown outcome whose key the gateway may have dropped,
//! those that are behind their operation, and those whose order may not have received the outcome.

use domain::Timestamp;
use domain::ids::{OrderId, RefundId};
use sqlx::PgConnection;
use std::collections::HashSet;
use std::time::Duration;

/// Operations that were created before these times can't be looked up with certainty.
pub(crate) struct ExpiredBefore<'a> {
    /// For each gateway by its name.
    pub by_gateway: &'a [(&'static str, Timestamp)],
    /// For operations of any other gateway.
    pub default: Timestamp,
}

impl ExpiredBefore<'_> {
    pub fn of(&self, gateway: &str) -> Timestamp {
        self.by_gateway.iter().find(|(name, _)| *name == gateway).map_or(self.default, |(_, before)| *before)
    }
}

/// Orders with such refunds, at most `limit`, the longest unchanged first. Each is found until its refunds are marked.
pub(crate) async fn orders_with_expired_refunds(
    connection: &mut PgConnection,
    expired: &ExpiredBefore<'_>,
    limit: u32,
) -> sqlx::Result<Vec<OrderId>> {
    let (gateway, created_before): (Vec<_>, Vec<_>) = expired.by_gateway.iter().copied().unzip();
    let orders = sqlx::query_scalar!(
        "SELECT operation.order_id
         FROM payments.operations AS operation
         JOIN payments.payments AS payment USING (order_id)
         LEFT JOIN (SELECT unnest($1::text[]) AS gateway, unnest($2::timestamptz[]) AS created_before) AS known
                ON known.gateway = payment.gateway
         WHERE operation.status IN ('started', 'unknown') AND operation.kind = 'refund'
           AND operation.created_at <= COALESCE(known.created_before, $3)
           AND EXISTS (SELECT FROM payments.refunds AS refund
                        WHERE refund.order_id = operation.order_id AND refund.status IN ('pending', 'unknown'))
         ORDER BY operation.updated_at LIMIT $4",
        &gateway as &[&str],
        &created_before,
        expired.default,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    Ok(orders.into_iter().map(OrderId::from_uuid).collect())
}

/// Orders with refunds that are behind their operation, at most `limit`: a worker of an earlier version, which knows no
/// refunds, has settled only the operation.
pub(crate) async fn orders_with_refunds_behind(
    connection: &mut PgConnection,
    limit: u32,
) -> sqlx::Result<Vec<OrderId>> {
    let orders = sqlx::query_scalar!(
        "SELECT refund.order_id
         FROM payments.refunds AS refund
         JOIN payments.operations AS operation
           ON operation.order_id = refund.order_id AND operation.kind = 'refund'
          AND operation.subject = CASE refund.attempt WHEN 1 THEN refund.id::text
                                       ELSE format('%s/%s', refund.id, refund.attempt) END
         WHERE refund.status IN ('pending', 'unknown', 'manual_review')
           AND operation.status IN ('succeeded', 'declined')
         ORDER BY refund.updated_at LIMIT $1",
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    Ok(orders.into_iter().map(OrderId::from_uuid).collect())
}

/// Which outcomes to publish again: once after `first_after`, and once after `second_after`.
pub(crate) struct Repeats {
    pub first_after: Duration,
    pub second_after: Duration,
    /// Older outcomes are not repeated.
    pub kept_for: Duration,
}

/// Claims at most `limit` refunds whose outcome is to be published again, and records that it is. Their payments are
/// locked until the transaction ends; those that are locked by others are skipped.
pub(crate) async fn claim_outcomes_to_repeat(
    tx: &mut PgConnection,
    repeats: &Repeats,
    now: Timestamp,
    limit: u32,
) -> sqlx::Result<HashSet<(OrderId, RefundId)>> {
    let claimed = sqlx::query!(
        "WITH due AS MATERIALIZED (
             SELECT refund.order_id, refund.id
             FROM payments.refunds AS refund
             JOIN payments.payments AS payment USING (order_id)
             WHERE refund.status IN ('succeeded', 'refused', 'manual_review')
               AND refund.updated_at > $1 AND refund.updated_at <= $2
               AND (refund.outcome_repeated_at IS NULL OR refund.outcome_repeated_at < refund.updated_at
                    OR (refund.updated_at <= $3
                        AND refund.outcome_repeated_at < refund.updated_at + make_interval(secs => $4)))
             ORDER BY refund.updated_at LIMIT $5 FOR NO KEY UPDATE OF payment SKIP LOCKED)
         UPDATE payments.refunds AS refund SET outcome_repeated_at = $6
         FROM due
         WHERE refund.order_id = ANY (ARRAY(SELECT order_id FROM due))
           AND refund.order_id = due.order_id AND refund.id = due.id
         RETURNING refund.order_id, refund.id",
        now - repeats.kept_for,
        now - repeats.first_after,
        now - repeats.second_after,
        repeats.second_after.as_secs_f64(),
        i64::from(limit),
        now,
    )
    .fetch_all(tx)
    .await?;
    Ok(claimed.into_iter().map(|row| (OrderId::from_uuid(row.order_id), RefundId::from_uuid(row.id))).collect())
}
