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
             AND coalesce(shipment.exception, 'failed_attempt') = 'failed_attempt'
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

/// An order that sends a shipment again needs a shipment that its carrier reported lost, damaged or on its way back, and
/// that was closed for it.
pub async fn reships_without_loss(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.reships' AS "place!", format('order %s', reship.order_id) AS "row!",
                  format('an exception of shipment %s of order %s, which is closed for it', reship.of_shipment_id,
                         reship.of_order_id) AS "expected!",
                  format('%s exceptions, %s closures', found.exceptions, found.closures) AS "found!"
           FROM orders.reships reship
           JOIN orders.orders original ON original.id = reship.of_order_id
           CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE kind = 'shipment_exception'
                                         AND detail ->> 'exception' <> 'failed_attempt') AS exceptions,
                      count(*) FILTER (WHERE kind = 'shipment_closed'
                                         AND detail ->> 'reshipped_by' = reship.order_id::text) AS closures
               FROM orders.events
               WHERE order_id = reship.of_order_id AND kind IN ('shipment_exception', 'shipment_closed')
                 AND detail ->> 'shipment_id' = reship.of_shipment_id::text) AS found
           WHERE found.exceptions = 0 OR found.closures <> 1
           ORDER BY reship.order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
