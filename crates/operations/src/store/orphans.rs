//! Orphans: rows of slices that belong to an order, and the rows that an order can't be without. No foreign key holds
//! them together, since slices may have databases of their own.

use crate::verify::{Offender, Scope};
use sqlx::PgConnection;

/// Every row that holds something for an order stands for one that exists, and so does a key that was answered with a 202.
/// What was undone for one that does not exist stays as a tombstone.
pub async fn without_order(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", format('order %s', order_id) AS "row!", 'its order' AS "expected!",
                  'no such order' AS "found!"
           FROM (SELECT 'orders.idempotency_keys' AS place, order_id FROM orders.idempotency_keys
                 UNION ALL SELECT 'orders.items', order_id FROM orders.items
                 UNION ALL SELECT 'orders.events', order_id FROM orders.events
                 UNION ALL SELECT 'orders.sagas', order_id FROM orders.sagas
                 UNION ALL SELECT 'inventory.reservations', order_id FROM inventory.reservations WHERE state = 'reserved'
                 UNION ALL SELECT 'inventory.reservation_lines', order_id FROM inventory.reservation_lines
                           WHERE state <> 'released'
                 UNION ALL SELECT 'payments.payments', order_id FROM payments.payments
                           WHERE status NOT IN ('declined', 'voided', 'refunded')
                 UNION ALL SELECT 'shipping.bookings', order_id FROM shipping.bookings
                           WHERE status NOT IN ('refused', 'cancelled')
                 UNION ALL SELECT 'shipping.shipments', order_id FROM shipping.shipments WHERE status <> 'cancelled'
                 ) AS belonging
           WHERE NOT EXISTS (SELECT FROM orders.orders o WHERE o.id = belonging.order_id)
           ORDER BY place, order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// An order has lines that add up to its total, and a saga.
pub async fn incomplete_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.orders' AS "place!", format('order %s', o.id) AS "row!",
                  format('a saga, and lines of %s %s', o.total_minor, o.currency) AS "expected!",
                  format('%s, and lines of %s', CASE WHEN saga.order_id IS NULL THEN 'no saga' ELSE 'a saga' END,
                         coalesce(items.total::text, 'nothing')) AS "found!"
           FROM orders.orders o
           LEFT JOIN (SELECT order_id, sum(quantity * unit_price_minor) AS total FROM orders.items GROUP BY order_id)
                AS items ON items.order_id = o.id
           LEFT JOIN orders.sagas saga ON saga.order_id = o.id
           WHERE saga.order_id IS NULL OR items.total IS DISTINCT FROM o.total_minor
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Parts of one slice that can't be without each other.
pub async fn without_their_whole(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", name AS "row!", 'a row in ' || whole AS "expected!", 'none' AS "found!"
           FROM (SELECT 'inventory.reservation_lines' AS place, format('order %s sku %s', order_id, sku) AS name,
                        'inventory.reservations' AS whole
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
                 SELECT 'payments.simulated_gateway_movements', format('key %s', key),
                        'payments.simulated_gateway_authorizations'
                 FROM payments.simulated_gateway_movements movement
                 WHERE NOT EXISTS (SELECT FROM payments.simulated_gateway_authorizations a
                                   WHERE a.key = movement.authorization_key)
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
