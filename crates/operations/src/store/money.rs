//! Payment checks that hold for any gateway: no order is charged twice, and closed orders are not charged.

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
                  'one authorization' AS "expected!", format('%s authorizations', count(*)) AS "found!"
           FROM payments.operations WHERE kind = 'authorize'
           GROUP BY order_id HAVING count(*) > 1
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// A payment that is open must have succeeded in authorizing its amount; one that was declined must not.
pub async fn unlike_authorization(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', payment.order_id) AS "row!",
                  CASE payment.status WHEN 'declined' THEN 'no succeeded authorization: it is declined'
                       ELSE format('a succeeded authorization of %s: it is %s', payment.amount_minor, payment.status)
                       END AS "expected!",
                  coalesce(format('an authorization of %s that is %s', requested.amount_minor, requested.status),
                           'no authorization') AS "found!"
           FROM payments.payments payment
           LEFT JOIN payments.operations requested
                  ON requested.order_id = payment.order_id AND requested.kind = 'authorize'
           WHERE (payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
                  AND (requested.status, requested.amount_minor)
                      IS DISTINCT FROM ('succeeded', payment.amount_minor))
              OR (payment.status = 'declined' AND requested.status = 'succeeded')
           ORDER BY payment.order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// An operation must go to the gateway of its payment.
pub async fn operations_of_other_gateways(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.operations' AS "place!",
                  format('order %s %s %s', operation.order_id, operation.kind, operation.subject) AS "row!",
                  format('gateway %s, as its payment', payment.gateway) AS "expected!",
                  format('gateway %s', operation.gateway) AS "found!"
           FROM payments.operations operation JOIN payments.payments payment USING (order_id)
           WHERE operation.gateway <> payment.gateway
           ORDER BY operation.order_id, operation.kind, operation.subject LIMIT $1"#,
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

/// The total of a confirmed order must be authorized or captured; that of a delivered order must be captured, unless
/// people know of it: a declined capture raises attention, and a person may write it off. If what is left is written off or
/// free, the authorization is voided. The value of cancelled units is not captured, nor the costs of shipping if no
/// shipment was left to capture them with.
pub async fn orders_without_payment(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', o.id) AS "row!",
                  format('%s %s %s', o.total_minor, o.currency,
                         CASE o.status WHEN 'delivered' THEN 'captured' ELSE 'authorized or captured' END) AS "expected!",
                  coalesce(format('%s: authorized %s %s, captured %s', payment.status, payment.amount_minor,
                                  payment.currency, payment.captured_minor), 'no payment') AS "found!"
           FROM orders.orders o LEFT JOIN payments.payments payment ON payment.order_id = o.id
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(div((item.quantity * item.unit_price_minor + item.tax_minor - item.discount_minor)::numeric
                                       * (saga.state -> 'cancelled' ->> item.sku)::bigint, item.quantity)), 0) AS minor,
                      count(*) AS lines
               FROM orders.sagas saga JOIN orders.items item ON item.order_id = saga.order_id
               WHERE saga.order_id = o.id AND saga.state -> 'cancelled' ? item.sku) AS cancelled
           WHERE (o.status IN ('confirmed', 'shipped', 'delivered')
                  AND ((payment.amount_minor, payment.currency) IS DISTINCT FROM (o.total_minor, o.currency)
                       OR (payment.status NOT IN ('authorized', 'partly_captured', 'captured', 'refunded')
                           AND NOT (payment.status IN ('voiding', 'voided')
                                    AND (cancelled.lines > 0 AND o.total_minor - cancelled.minor - o.shipping_minor
                                                                 <= cancelled.lines
                                         OR EXISTS (SELECT FROM orders.events event
                                                    WHERE event.order_id = o.id AND event.kind = 'step_marked_done'))))))
              OR (o.status = 'delivered' AND o.attention IS NULL AND o.updated_at < $2
                  AND NOT (payment.captured_minor = o.total_minor AND cancelled.lines = 0)
                  AND NOT (cancelled.lines > 0 AND payment.captured_minor
                           BETWEEN o.total_minor - cancelled.minor - o.shipping_minor - cancelled.lines
                               AND o.total_minor - cancelled.minor + cancelled.lines)
                  AND NOT EXISTS (SELECT FROM orders.events event
                                  WHERE event.order_id = o.id AND event.kind = 'step_marked_done'))
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max,
        scope.consistent_by
    )
    .fetch_all(tx)
    .await
}
