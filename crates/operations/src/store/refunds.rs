//! Checks of refunds: never more than was captured, of the order and of each line, and each is an operation that its
//! order has recorded.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

/// Refunds that are not refused may not exceed what was captured. A void refunds the rest, whatever was pending.
pub async fn more_than_captured(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.refunds' AS "place!", format('order %s', payment.order_id) AS "row!",
                  format('at most %s, which is captured', payment.captured_minor) AS "expected!",
                  format('refunds of %s that are not refused', refunded.amount) AS "found!"
           FROM payments.payments payment
           JOIN (SELECT order_id, sum(amount_minor) AS amount
                   FROM payments.refunds WHERE status <> 'refused' GROUP BY order_id) AS refunded USING (order_id)
           WHERE payment.status NOT IN ('voiding', 'voided') AND refunded.amount > payment.captured_minor
           ORDER BY payment.order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The refunds of a line may not exceed its units and its amount. The parts of a refund may not exceed its amount.
pub async fn more_than_lines(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", name AS "row!", expected AS "expected!", found AS "found!"
           FROM (SELECT 'payments.refund_lines' AS place, format('order %s line %s', order_id, line_no) AS name,
                        coalesce(format('at most %s units and %s', item.quantity, item.total), 'no such line') AS expected,
                        format('%s units and %s', refunded.quantity, refunded.amount) AS found
                 FROM (SELECT line.order_id, line.line_no, sum(line.quantity) AS quantity, sum(line.amount_minor) AS amount
                         FROM payments.refund_lines line
                         JOIN payments.refunds refund ON refund.order_id = line.order_id AND refund.id = line.refund_id
                        WHERE refund.status <> 'refused'
                        GROUP BY line.order_id, line.line_no) AS refunded
                 LEFT JOIN (SELECT order_id, line_no, quantity,
                                   quantity * unit_price_minor + tax_minor - discount_minor AS total
                              FROM orders.items) AS item USING (order_id, line_no)
                 WHERE item.quantity IS NULL OR refunded.quantity > item.quantity OR refunded.amount > item.total
                 UNION ALL
                 SELECT 'payments.refunds', format('order %s refund %s', refund.order_id, refund.id),
                        format('at most %s, its amount', refund.amount_minor),
                        format('lines and shipping of %s', refund.shipping_minor + parts.amount)
                 FROM payments.refunds refund
                 JOIN (SELECT order_id, refund_id, sum(amount_minor) AS amount
                         FROM payments.refund_lines GROUP BY order_id, refund_id) AS parts
                   ON parts.order_id = refund.order_id AND parts.refund_id = refund.id
                 WHERE refund.shipping_minor + parts.amount > refund.amount_minor) AS offenders
           ORDER BY place, name LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Every refund must have the operation of its attempt, with its amount and its outcome. With `money.sums` and the checks
/// of the provider's ledger, the refunds of an order then add up to what its payment and its provider have refunded.
pub async fn unlike_operations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.refunds' AS "place!", format('order %s refund %s', refund.order_id, refund.id) AS "row!",
                  format('an operation of %s for attempt %s that fits %s', refund.amount_minor, refund.attempt,
                         refund.status) AS "expected!",
                  coalesce(format('an operation of %s that is %s', operation.amount_minor, operation.status),
                           'no operation') AS "found!"
           FROM payments.refunds refund
           LEFT JOIN payments.operations operation
                  ON operation.order_id = refund.order_id AND operation.kind = 'refund'
                 AND operation.subject = CASE refund.attempt WHEN 1 THEN refund.id::text
                                              ELSE format('%s/%s', refund.id, refund.attempt) END
           WHERE operation.amount_minor IS DISTINCT FROM refund.amount_minor
              OR CASE refund.status WHEN 'succeeded' THEN operation.status <> 'succeeded'
                                    WHEN 'refused' THEN operation.status <> 'declined'
                                    ELSE operation.status NOT IN ('started', 'unknown') END
           ORDER BY refund.order_id, refund.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The saga of the order must have recorded the outcome of each refund, and the order's payment status must show it. Of a
/// payment that is voided, the void refunds the rest.
pub async fn not_recorded(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", name AS "row!", expected AS "expected!", found AS "found!"
           FROM (SELECT 'orders.sagas' AS place, format('order %s refund %s', refund.order_id, refund.id) AS name,
                        format('refund of %s, attempt %s: %s', refund.amount_minor, refund.attempt, refund.status)
                            AS expected,
                        coalesce(outcome::text, 'no outcome') AS found
                 FROM payments.refunds refund
                 JOIN payments.payments payment ON payment.order_id = refund.order_id
                 JOIN orders.sagas saga ON saga.order_id = refund.order_id
                 CROSS JOIN LATERAL (SELECT saga.state -> 'refunds' -> refund.id::text AS outcome) AS recorded
                 WHERE refund.updated_at < $2 AND payment.status NOT IN ('voiding', 'voided')
                   AND CASE refund.status
                         WHEN 'succeeded' THEN outcome -> 'refunded' IS DISTINCT FROM to_jsonb(refund.amount_minor)
                         WHEN 'refused' THEN outcome #> '{refused,attempt}' IS DISTINCT FROM to_jsonb(refund.attempt)
                         WHEN 'manual_review'
                             THEN outcome #> '{unresolved,attempt}' IS DISTINCT FROM to_jsonb(refund.attempt)
                         ELSE outcome ? 'refunded' END
                 UNION ALL
                 SELECT 'orders.orders', format('order %s', o.id),
                        CASE refunded.amount WHEN payment.captured_minor THEN 'refunded' ELSE 'partly_refunded' END,
                        o.payment_status
                 FROM orders.orders o
                 JOIN payments.payments payment ON payment.order_id = o.id
                 JOIN (SELECT order_id, sum(amount_minor) AS amount, max(updated_at) AS updated_at
                         FROM payments.refunds WHERE status = 'succeeded' GROUP BY order_id) AS refunded
                   ON refunded.order_id = o.id
                 WHERE refunded.updated_at < $2 AND payment.updated_at < $2
                   AND payment.status NOT IN ('voiding', 'voided')
                   AND o.payment_status <> CASE refunded.amount WHEN payment.captured_minor THEN 'refunded'
                                                ELSE 'partly_refunded' END) AS offenders
           ORDER BY place, name LIMIT $1"#,
        scope.offenders_max,
        scope.recorded_by
    )
    .fetch_all(tx)
    .await
}
