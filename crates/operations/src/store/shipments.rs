//! Shipment checks: shipments match the reservations, and no shipment is active for a rejected or cancelled order.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

pub async fn active_for_closed_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'shipping.shipments' AS "place!", format('order %s shipment %s', o.id, shipment.id) AS "row!",
                  format('cancelled: the order is %s', o.status) AS "expected!", shipment.status AS "found!"
           FROM orders.orders o JOIN shipping.shipments shipment ON shipment.order_id = o.id
           WHERE o.status IN ('rejected', 'cancelled')
             AND shipment.status IN ('booked', 'handed_over', 'in_transit', 'delivered')
           ORDER BY o.id, shipment.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The shipments of a booked order contain the reserved quantity per product and warehouse, unless cancelled units are
/// about to leave them.
pub async fn lines_unlike_reservations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'shipping.shipments' AS "place!",
                  format('order %s sku %s from warehouse %s', order_id, sku, warehouse_id) AS "row!",
                  format('%s units, as reserved', coalesce(reserved.quantity, 0)) AS "expected!",
                  format('%s units in its shipments', coalesce(packed.quantity, 0)) AS "found!"
           FROM (SELECT line.order_id, line.warehouse_id, line.sku, line.quantity
                 FROM inventory.reservation_lines line JOIN orders.orders o ON o.id = line.order_id
                 WHERE o.status IN ('confirmed', 'shipped', 'delivered') AND line.state <> 'released') AS reserved
           FULL JOIN (SELECT shipment.order_id, shipment.warehouse_id, line.sku, line.quantity
                      FROM shipping.shipments shipment
                      JOIN orders.orders o ON o.id = shipment.order_id
                      CROSS JOIN LATERAL jsonb_to_recordset(shipment.lines) AS line (sku text, quantity integer)
                      WHERE o.status IN ('confirmed', 'shipped', 'delivered') AND shipment.status <> 'cancelled') AS packed
                USING (order_id, warehouse_id, sku)
           WHERE reserved.quantity IS DISTINCT FROM packed.quantity
             AND NOT EXISTS (SELECT FROM orders.sagas saga WHERE saga.order_id = coalesce(reserved.order_id, packed.order_id)
                             AND (jsonb_path_exists(saga.state, '$.allocation.*[*].amendment')
                                  OR jsonb_path_exists(saga.state, '$.allocation.*[*].reducing')))
           ORDER BY order_id, sku, warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn undelivered_for_delivered_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
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

/// A shipment that was booked must name the carrier of its booking.
pub async fn booked_with_other_carriers(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'shipping.shipments' AS "place!",
                  format('order %s shipment %s', shipment.order_id, shipment.id) AS "row!",
                  format('carrier %s, as its booking', booking.carrier) AS "expected!",
                  format('carrier %s', shipment.carrier) AS "found!"
           FROM shipping.shipments shipment JOIN shipping.bookings booking USING (order_id)
           WHERE shipment.carrier <> booking.carrier
           ORDER BY shipment.order_id, shipment.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
