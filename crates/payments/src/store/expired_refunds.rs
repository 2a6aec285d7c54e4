//! Refunds of unknown outcome whose key the gateway may have dropped.

use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::PgConnection;

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
