//! Payment checks: no order is charged twice, closed orders are not charged, and our payments match the provider's
//! ledger.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

pub async fn out_of_bounds(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', order_id) AS "row!",
                  '0 <= refunded <= captured <= authorized' AS "expected!",
                  format('refunded %s, captured %s, authorized %s', refunded_minor, captured_minor, amount_minor)
                      AS "found!"
           FROM payments.payments
           WHERE refunded_minor < 0 OR refunded_minor > captured_minor OR captured_minor > amount_minor
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Under two idempotency keys a gateway would charge twice.
pub async fn authorized_twice(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.operations' AS "place!", format('order %s', order_id) AS "row!",
                  'one authorization, charged once at most' AS "expected!",
                  format('%s authorizations, charged %s times', count(*), coalesce(sum(provider.charges), 0)) AS "found!"
           FROM payments.operations operation
           LEFT JOIN payments.simulated_gateway_authorizations provider ON provider.key = operation.provider_key
           WHERE operation.kind = 'authorize'
           GROUP BY order_id HAVING count(*) > 1 OR sum(provider.charges) > 1
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The captured and refunded sums of a payment must equal the sums of its operations.
pub async fn sums_without_operations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', order_id) AS "row!",
                  format('captured %s, refunded %s: the sums of its operations', coalesce(done.captured, 0),
                         coalesce(done.refunded, 0)) AS "expected!",
                  format('captured %s, refunded %s', payment.captured_minor, payment.refunded_minor) AS "found!"
           FROM payments.payments payment
           LEFT JOIN (SELECT order_id, sum(amount_minor) FILTER (WHERE kind = 'capture') AS captured,
                             sum(amount_minor) FILTER (WHERE kind IN ('refund', 'void')) AS refunded
                      FROM payments.operations WHERE status = 'succeeded' GROUP BY order_id) AS done USING (order_id)
           WHERE (payment.captured_minor, payment.refunded_minor)
                 <> (coalesce(done.captured, 0), coalesce(done.refunded, 0))
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Compares payments with the provider's ledger: those without an unfinished operation, and those that should be
/// finished by now.
pub async fn unlike_provider_ledger(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', payment.order_id) AS "row!",
                  format('as in the gateway''s ledger: %s, captured %s, refunded %s', coalesce(provider.state, 'nothing'),
                         coalesce(provider.captured_minor, 0), coalesce(provider.refunded_minor, 0)) AS "expected!",
                  format('%s, captured %s, refunded %s', payment.status, payment.captured_minor,
                         payment.refunded_minor) AS "found!"
           FROM payments.payments payment
           JOIN payments.operations requested ON requested.order_id = payment.order_id AND requested.kind = 'authorize'
           LEFT JOIN payments.simulated_gateway_authorizations provider ON provider.key = requested.provider_key
           WHERE (payment.updated_at < $2
                  OR NOT EXISTS (SELECT FROM payments.operations open
                                 WHERE open.order_id = payment.order_id AND open.status IN ('started', 'unknown')))
             AND ((payment.captured_minor, payment.refunded_minor)
                      <> (coalesce(provider.captured_minor, 0), coalesce(provider.refunded_minor, 0))
                  OR (payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
                      AND (provider.state, provider.authorized_minor) IS DISTINCT FROM ('authorized', payment.amount_minor))
                  OR (payment.status IN ('declined', 'voided') AND provider.state = 'authorized'))
           ORDER BY payment.order_id LIMIT $1"#,
        scope.offenders_max,
        scope.consistent_by
    )
    .fetch_all(tx)
    .await
}

/// Finds authorizations and movements of the provider that belong to none of our operations.
pub async fn unknown_provider_operations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", format('key %s', key) AS "row!", 'an operation of ours' AS "expected!",
                  format('%s %s', state, amount) AS "found!"
           FROM (SELECT 'payments.simulated_gateway_authorizations' AS place, key, state, authorized_minor AS amount
                 FROM payments.simulated_gateway_authorizations WHERE state = 'authorized'
                 UNION ALL
                 SELECT 'payments.simulated_gateway_movements', key, kind, amount_minor
                 FROM payments.simulated_gateway_movements WHERE state = 'done') AS provider
           WHERE NOT EXISTS (SELECT FROM payments.operations WHERE provider_key = provider.key)
           ORDER BY place, key LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// For a rejected or cancelled order nothing may stay authorized or captured: by our payments.
pub async fn kept_for_closed_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', o.id) AS "row!",
                  format('nothing authorized, nothing captured: the order is %s', o.status) AS "expected!",
                  format('%s, captured %s, refunded %s', payment.status, payment.captured_minor,
                         payment.refunded_minor) AS "found!"
           FROM orders.orders o JOIN payments.payments payment ON payment.order_id = o.id
           WHERE o.status IN ('rejected', 'cancelled')
             AND (payment.captured_minor <> payment.refunded_minor
                  OR payment.status NOT IN ('declined', 'voided', 'refunded'))
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Like [`kept_for_closed_orders`], by the provider's ledger.
pub async fn held_by_provider_for_closed_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.simulated_gateway_authorizations' AS "place!", format('order %s', o.id) AS "row!",
                  format('nothing held: the order is %s', o.status) AS "expected!",
                  format('%s: authorized %s, captured %s, refunded %s, released %s', provider.state,
                         provider.authorized_minor, provider.captured_minor, provider.refunded_minor, provider.released_minor)
                      AS "found!"
           FROM orders.orders o
           JOIN payments.operations requested ON requested.order_id = o.id AND requested.kind = 'authorize'
           JOIN payments.simulated_gateway_authorizations provider ON provider.key = requested.provider_key
           WHERE o.status IN ('rejected', 'cancelled')
             AND (provider.captured_minor <> provider.refunded_minor
                  OR (provider.state = 'authorized'
                      AND provider.authorized_minor > provider.captured_minor + provider.released_minor))
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The total of a confirmed order must be authorized or captured; that of a delivered order must be captured.
pub async fn orders_without_payment(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', o.id) AS "row!",
                  format('%s %s %s', o.total_minor, o.currency,
                         CASE o.status WHEN 'delivered' THEN 'captured' ELSE 'authorized or captured' END) AS "expected!",
                  coalesce(format('%s: authorized %s %s, captured %s', payment.status, payment.amount_minor,
                                  payment.currency, payment.captured_minor), 'no payment') AS "found!"
           FROM orders.orders o LEFT JOIN payments.payments payment ON payment.order_id = o.id
           WHERE (o.status IN ('confirmed', 'shipped', 'delivered')
                  AND ((payment.amount_minor, payment.currency) IS DISTINCT FROM (o.total_minor, o.currency)
                       OR payment.status NOT IN ('authorized', 'partly_captured', 'captured', 'refunded')))
              OR (o.status = 'delivered' AND payment.captured_minor <> o.total_minor AND o.updated_at < $2)
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max,
        scope.consistent_by
    )
    .fetch_all(tx)
    .await
}
