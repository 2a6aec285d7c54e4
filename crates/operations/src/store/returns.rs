//! Checks of returns: no unit is returned, restocked or refunded that was not shipped or received, and none is stuck.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

/// The units of a SKU in returns that count, without the missing ones, may not exceed what the order was shipped.
pub async fn more_than_shipped(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.returns' AS "place!", format('order %s sku %s', returned.order_id, returned.sku) AS "row!",
                  format('at most %s units, which the order got', coalesce(got.quantity, 0)) AS "expected!",
                  format('%s units in returns', returned.quantity) AS "found!"
           FROM (SELECT line.order_id, line.sku, sum(line.quantity - coalesce(count.quantity, 0)) AS quantity
                   FROM orders.return_lines line
                   JOIN orders.returns r ON r.id = line.return_id AND r.status NOT IN ('declined', 'cancelled', 'expired')
                   LEFT JOIN orders.return_counts count ON count.return_id = line.return_id
                                                       AND count.line_no = line.line_no AND count.condition = 'missing'
                  GROUP BY line.order_id, line.sku) AS returned
           LEFT JOIN (SELECT order_id, sku, sum(quantity) AS quantity FROM inventory.reservation_lines
                       WHERE state <> 'released' GROUP BY order_id, sku) AS got
                  ON got.order_id = returned.order_id AND got.sku = returned.sku
           WHERE returned.quantity > coalesce(got.quantity, 0)
           ORDER BY returned.order_id, returned.sku LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The stock ledger must contain what returns have recorded as restocked, and nothing that they have not counted as
/// resellable. The reply of the inventory may be under way.
pub async fn unlike_stock(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"WITH counted AS (
             SELECT line.order_id, line.sku, sum(count.quantity) AS all_units,
                    coalesce(sum(count.quantity) FILTER (WHERE 'done' IN (r.state -> 'received' ->> 'restocking',
                                                                          r.state -> 'closed' ->> 'restocking')), 0)
                      AS done_units
               FROM orders.return_counts count
               JOIN orders.returns r ON r.id = count.return_id
               JOIN orders.return_lines line ON line.return_id = count.return_id AND line.line_no = count.line_no
              WHERE count.condition = 'resellable' GROUP BY line.order_id, line.sku),
           restocked AS (
             SELECT order_id, sku, sum(on_hand_delta) AS units FROM inventory.ledger
              WHERE kind = 'returned' AND order_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM orders.removals r WHERE r.order_id = ledger.order_id)
              GROUP BY order_id, sku)
           SELECT 'inventory.ledger' AS "place!", format('order %s sku %s', order_id, sku) AS "row!",
                  format('%s to %s units of returns', coalesce(done_units, 0), coalesce(all_units, 0)) AS "expected!",
                  format('%s units', coalesce(units, 0)) AS "found!"
           FROM counted FULL JOIN restocked USING (order_id, sku)
           WHERE coalesce(units, 0) NOT BETWEEN coalesce(done_units, 0) AND coalesce(all_units, 0)
           ORDER BY order_id, sku LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// A refunded return has its succeeded refund with its amount, and the refund of a return at most its units.
pub async fn unlike_refunds(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", name AS "row!", expected AS "expected!", found AS "found!"
           FROM (SELECT 'orders.returns' AS place, format('return %s', r.id) AS name,
                        format('a succeeded refund of %s', r.amount_minor) AS expected,
                        coalesce(format('a refund of %s that is %s', refund.amount_minor, refund.status), 'no refund')
                          AS found
                 FROM (SELECT id, order_id, refund_id,
                              (coalesce(state -> 'received' -> 'refund', state -> 'closed' -> 'refund')
                                 #>> '{done,amount,amount_minor}')::bigint AS amount_minor
                         FROM orders.returns WHERE status IN ('received', 'closed')
                          AND jsonb_typeof(coalesce(state -> 'received' -> 'refund', state -> 'closed' -> 'refund'))
                              = 'object') AS r
                 LEFT JOIN payments.refunds refund ON refund.order_id = r.order_id AND refund.id = r.refund_id
                 WHERE r.amount_minor IS NOT NULL
                   AND (refund.status IS DISTINCT FROM 'succeeded' OR refund.amount_minor <> r.amount_minor)
                 UNION ALL
                 SELECT 'payments.refund_lines', format('return %s line %s', r.id, line.line_no),
                        format('at most %s units, which were received', coalesce(received.quantity, 0)),
                        format('%s units', line.quantity)
                 FROM orders.returns r
                 JOIN payments.refund_lines line ON line.order_id = r.order_id AND line.refund_id = r.refund_id
                 LEFT JOIN (SELECT return_id, line_no, sum(quantity) AS quantity FROM orders.return_counts
                             WHERE is_refunded GROUP BY return_id, line_no) AS received
                        ON received.return_id = r.id AND received.line_no = line.line_no
                 WHERE line.quantity > coalesce(received.quantity, 0)) AS offenders
           ORDER BY place, name LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// A return belongs to an order, has lines and a timeline up to its version, and every unit of it is counted once it is
/// received.
pub async fn incomplete(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.returns' AS "place!", format('return %s', r.id) AS "row!",
                  'an order, lines, a count of every unit once it is received, and an entry per version' AS "expected!",
                  format('%s, %s units, %s counted, %s entries of version %s',
                         CASE WHEN o.id IS NULL THEN 'no order' ELSE 'an order' END, coalesce(lines.units, 0),
                         coalesce(counts.units, 0), coalesce(events.entries, 0), r.version) AS "found!"
           FROM orders.returns r
           LEFT JOIN orders.orders o ON o.id = r.order_id
           LEFT JOIN (SELECT return_id, sum(quantity) AS units FROM orders.return_lines GROUP BY return_id) AS lines
                  ON lines.return_id = r.id
           LEFT JOIN (SELECT return_id, sum(quantity) AS units FROM orders.return_counts GROUP BY return_id) AS counts
                  ON counts.return_id = r.id
           LEFT JOIN (SELECT return_id, count(*) AS entries FROM orders.return_events GROUP BY return_id) AS events
                  ON events.return_id = r.id
           WHERE o.id IS NULL OR lines.units IS NULL OR events.entries IS DISTINCT FROM r.version
              OR coalesce(counts.units, 0)
                 <> CASE WHEN r.status IN ('received', 'closed') THEN lines.units ELSE 0 END
           ORDER BY r.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// An active return must be advanced by its deadline.
pub async fn overdue(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.returns' AS "place!", format('return %s', id) AS "row!",
                  'advanced by its deadline' AS "expected!", format('%s, due at %s', status, deadline_at) AS "found!"
           FROM orders.returns WHERE active AND deadline_at < $1
           ORDER BY deadline_at LIMIT $2"#,
        scope.due_by,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
