//! Shipments: what is booked is what was promised, and nothing travels for an order that was undone.

use crate::verify::{Offender, Scope};
use sqlx::PgConnection;

pub async fn travelling_for_the_undone(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'shipping.shipments' AS "place!", format('order %s shipment %s', o.id, shipment.id) AS "row!",
                  format('called back: the order is %s', o.status) AS "expected!", shipment.status AS "found!"
           FROM orders.orders o JOIN shipping.shipments shipment ON shipment.order_id = o.id
           WHERE o.status IN ('rejected', 'cancelled')
             AND shipment.status IN ('booked', 'handed_over', 'in_transit', 'delivered')
           ORDER BY o.id, shipment.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The parcels of a booked order hold what is reserved for it, warehouse by warehouse.
pub async fn parcels_unlike_reservations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'shipping.shipments' AS "place!",
                  format('order %s sku %s from warehouse %s', order_id, sku, warehouse_id) AS "row!",
                  format('%s pieces, as reserved', coalesce(reserved.quantity, 0)) AS "expected!",
                  format('%s pieces in its parcel', coalesce(packed.quantity, 0)) AS "found!"
           FROM (SELECT line.order_id, line.warehouse_id, line.sku, line.quantity
                 FROM inventory.reservation_lines line JOIN orders.orders o ON o.id = line.order_id
                 WHERE o.status IN ('confirmed', 'shipped', 'delivered')) AS reserved
           FULL JOIN (SELECT shipment.order_id, shipment.warehouse_id, line.sku, line.quantity
                      FROM shipping.shipments shipment
                      JOIN orders.orders o ON o.id = shipment.order_id
                      CROSS JOIN LATERAL jsonb_to_recordset(shipment.lines) AS line (sku text, quantity integer)
                      WHERE o.status IN ('confirmed', 'shipped', 'delivered') AND shipment.status <> 'cancelled') AS packed
                USING (order_id, warehouse_id, sku)
           WHERE reserved.quantity IS DISTINCT FROM packed.quantity
           ORDER BY order_id, sku, warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn undelivered_of_the_delivered(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'shipping.shipments' AS "place!", format('order %s shipment %s', o.id, shipment.id) AS "row!",
                  'delivered, as its order is' AS "expected!", coalesce(shipment.status, 'no shipment') AS "found!"
           FROM orders.orders o LEFT JOIN shipping.shipments shipment ON shipment.order_id = o.id
           WHERE o.status = 'delivered' AND coalesce(shipment.status, '') NOT IN ('delivered', 'cancelled')
           ORDER BY o.id, shipment.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
