//! Orphan checks: rows of slices without their order, and orders without their rows. No foreign key enforces this,
//! since each slice may have its own database.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

/// A row that holds stock, money or shipments for an order must belong to an existing order; so must an idempotency key
/// that was answered with a 202. Compensated rows of an order that does not exist remain as tombstones. The rows of an
/// order that is being removed wait for their slice to remove them.
pub async fn without_order(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", format('order %s', order_id) AS "row!", 'its order' AS "expected!",
                  'no such order' AS "found!"
           FROM (SELECT 'orders.idempotency_keys' AS place, order_id FROM orders.idempotency_keys
                 UNION ALL SELECT 'orders.items', order_id FROM orders.items
                 UNION ALL SELECT 'orders.recipients', order_id FROM orders.recipients
                 UNION ALL SELECT 'orders.metadata', order_id FROM orders.metadata
                 UNION ALL SELECT 'orders.reships', order_id FROM orders.reships
                 UNION ALL SELECT 'orders.events', order_id FROM orders.events
                 UNION ALL SELECT 'orders.sagas', order_id FROM orders.sagas
                 UNION ALL SELECT 'inventory.reservations', order_id FROM inventory.reservations
                           WHERE state IN ('reserved', 'waiting')
                 UNION ALL SELECT 'inventory.reservation_lines', order_id FROM inventory.reservation_lines
                           WHERE state <> 'released'
                 UNION ALL SELECT 'payments.payments', order_id FROM payments.payments
                           WHERE status NOT IN ('declined', 'voided', 'refunded')
                 UNION ALL SELECT 'shipping.bookings', order_id FROM shipping.bookings
                           WHERE status NOT IN ('refused', 'cancelled')
                 UNION ALL SELECT 'shipping.shipments', order_id FROM shipping.shipments WHERE status <> 'cancelled'
                 ) AS belonging
           WHERE NOT EXISTS (SELECT FROM orders.orders o WHERE o.id = belonging.order_id)
             AND NOT EXISTS (SELECT FROM orders.removals r WHERE r.order_id = belonging.order_id)
           ORDER BY place, order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// An order must have a saga, and items that add up to its total.
pub async fn incomplete_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.orders' AS "place!", format('order %s', o.id) AS "row!",
                  format('a saga, and lines of %s %s', o.total_minor, o.currency) AS "expected!",
                  format('%s, and lines of %s', CASE WHEN saga.order_id IS NULL THEN 'no saga' ELSE 'a saga' END,
                         coalesce(items.total::text, 'nothing')) AS "found!"
           FROM orders.orders o
           LEFT JOIN (SELECT order_id, sum(quantity * unit_price_minor + tax_minor - discount_minor) AS total
                        FROM orders.items GROUP BY order_id) AS items ON items.order_id = o.id
           LEFT JOIN orders.sagas saga ON saga.order_id = o.id
           WHERE saga.order_id IS NULL OR items.total + o.shipping_minor IS DISTINCT FROM o.total_minor
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Rows whose parent row in the same slice is missing.
pub async fn without_parent(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", name AS "row!", 'a row in ' || parent AS "expected!", 'none' AS "found!"
           FROM (SELECT 'inventory.reservation_lines' AS place, format('order %s sku %s', order_id, sku) AS name,
                        'inventory.reservations' AS parent
                 FROM inventory.reservation_lines line
                 WHERE NOT EXISTS (SELECT FROM inventory.reservations r WHERE r.order_id = line.order_id)
                 UNION ALL
                 SELECT 'inventory.stock', format('sku %s', sku), 'inventory.warehouses'
                 FROM inventory.stock
                 WHERE NOT EXISTS (SELECT FROM inventory.warehouses w WHERE w.id = stock.warehouse_id)
                 UNION ALL
                 SELECT 'payments.operations', format('order %s %s %s', order_id, kind, subject), 'payments.payments'
                 FROM payments.operations
                 WHERE NOT EXISTS (SELECT FROM payments.payments p WHERE p.order_id = operations.order_id)
                 UNION ALL
                 SELECT 'shipping.shipments', format('order %s shipment %s', order_id, id), 'shipping.bookings'
                 FROM shipping.shipments
                 WHERE NOT EXISTS (SELECT FROM shipping.bookings b WHERE b.order_id = shipments.order_id)
                 UNION ALL
                 SELECT 'shipping.shipment_events', format('shipment %s', shipment_id), 'shipping.shipments'
                 FROM shipping.shipment_events event
                 WHERE NOT EXISTS (SELECT FROM shipping.shipments s WHERE s.id = event.shipment_id)) AS parts
           ORDER BY place, name LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
