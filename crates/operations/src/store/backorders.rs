//! Checks of the units that orders wait for.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

/// What a waiting order has reserved and what it misses add up to what it ordered. Only waiting orders miss units.
pub async fn unlike_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"WITH line AS (
               SELECT reservation.order_id, item.sku, item.quantity AS ordered,
                      (SELECT coalesce(sum(line.quantity), 0) FROM inventory.reservation_lines AS line
                        WHERE line.order_id = reservation.order_id AND line.sku = item.sku
                          AND line.state = 'active') AS reserved,
                      (SELECT coalesce(sum(backorder.missing), 0) FROM inventory.backorders AS backorder
                        WHERE backorder.order_id = reservation.order_id AND backorder.sku = item.sku) AS missing
                 FROM inventory.reservations AS reservation
                 JOIN orders.items AS item ON item.order_id = reservation.order_id
                WHERE reservation.state = 'waiting')
           SELECT place AS "place!", name AS "row!", expected AS "expected!", found AS "found!"
             FROM (SELECT 'inventory.backorders' AS place, format('order %s sku %s', order_id, sku) AS name,
                          format('%s units reserved or missing', ordered) AS expected,
                          format('%s reserved, %s missing', reserved, missing) AS found
                     FROM line WHERE reserved + missing <> ordered
                    UNION ALL
                   SELECT 'inventory.reservations', format('order %s', order_id), 'missing units', 'none'
                     FROM line GROUP BY order_id HAVING sum(missing) = 0
                    UNION ALL
                   SELECT 'inventory.backorders', format('order %s sku %s', backorder.order_id, backorder.sku),
                          'a waiting reservation of an open order', coalesce(o.status, 'no order') || ', ' ||
                          coalesce(reservation.state, 'no reservation')
                     FROM inventory.backorders AS backorder
                     LEFT JOIN inventory.reservations AS reservation ON reservation.order_id = backorder.order_id
                     LEFT JOIN orders.orders AS o ON o.id = backorder.order_id
                    WHERE reservation.state IS DISTINCT FROM 'waiting' OR o.status IN ('rejected', 'cancelled')) AS wrong
            ORDER BY place, name LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Available units of which nothing has changed for the limit, although an order has waited for them as long.
pub async fn not_filled(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.backorders' AS "place!", format('sku %s', stock.sku) AS "row!",
                  'available units are reserved for the orders that wait' AS "expected!",
                  format('%s available since %s', sum(stock.on_hand - stock.reserved), max(stock.updated_at)) AS "found!"
             FROM inventory.stock AS stock
             JOIN inventory.warehouses AS warehouse ON warehouse.id = stock.warehouse_id
            WHERE stock.on_hand > stock.reserved AND stock.updated_at < $2 AND warehouse.closed_at IS NULL
              AND EXISTS (SELECT FROM inventory.backorders AS backorder
                           WHERE backorder.sku = stock.sku AND backorder.waiting_since < $2)
            GROUP BY stock.sku ORDER BY stock.sku LIMIT $1"#,
        scope.offenders_max,
        scope.due_by
    )
    .fetch_all(tx)
    .await
}
