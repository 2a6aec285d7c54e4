//! Stock checks: counters, ledger and reservations agree, and orders have the stock that their status requires.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

pub async fn counters_without_ledger(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.stock' AS "place!", format('sku %s in warehouse %s', sku, warehouse_id) AS "row!",
                  format('on_hand %s, reserved %s: the sums of its ledger', coalesce(ledger.on_hand, 0),
                         coalesce(ledger.reserved, 0)) AS "expected!",
                  coalesce(format('on_hand %s, reserved %s', stock.on_hand, stock.reserved), 'no row') AS "found!"
           FROM (SELECT sku, warehouse_id, on_hand::bigint, reserved::bigint FROM inventory.stock) AS stock
           FULL JOIN (SELECT sku, warehouse_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
                      FROM inventory.ledger GROUP BY sku, warehouse_id) AS ledger USING (sku, warehouse_id)
           WHERE (coalesce(stock.on_hand, 0), coalesce(stock.reserved, 0))
                 <> (coalesce(ledger.on_hand, 0), coalesce(ledger.reserved, 0))
           ORDER BY sku, warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn counters_without_reservations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.stock' AS "place!", format('sku %s in warehouse %s', sku, warehouse_id) AS "row!",
                  format('reserved %s: the sum of its active reservations', coalesce(active.units, 0)) AS "expected!",
                  coalesce(format('reserved %s', stock.reserved), 'no row') AS "found!"
           FROM (SELECT sku, warehouse_id, reserved::bigint FROM inventory.stock) AS stock
           FULL JOIN (SELECT sku, warehouse_id, sum(quantity) AS units FROM inventory.reservation_lines
                      WHERE state = 'active' GROUP BY sku, warehouse_id) AS active USING (sku, warehouse_id)
           WHERE coalesce(stock.reserved, 0) <> coalesce(active.units, 0)
           ORDER BY sku, warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn out_of_bounds(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.stock' AS "place!", format('sku %s in warehouse %s', sku, warehouse_id) AS "row!",
                  '0 <= reserved <= on_hand' AS "expected!",
                  format('on_hand %s, reserved %s', on_hand, reserved) AS "found!"
           FROM inventory.stock WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand
           ORDER BY sku, warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// A transfer has two entries, which move the same units of one SKU between two warehouses.
pub async fn one_sided_transfers(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.ledger' AS "place!", format('transfer %s', transfer_id) AS "row!",
                  'two entries of one SKU with opposite units' AS "expected!",
                  format('%s entries, sum of on_hand %s', count(*), sum(on_hand_delta)) AS "found!"
           FROM inventory.ledger WHERE transfer_id IS NOT NULL
           GROUP BY transfer_id
           HAVING count(*) <> 2 OR sum(on_hand_delta) <> 0 OR count(DISTINCT sku) <> 1
               OR count(DISTINCT warehouse_id) <> 2
           ORDER BY transfer_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The ledger of a reservation line must sum to its state: reserved while active, deducted from `on_hand` once shipped.
pub async fn reservations_without_ledger(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.reservation_lines' AS "place!",
                  format('order %s sku %s in warehouse %s', order_id, sku, warehouse_id) AS "row!",
                  format('%s of %s units', coalesce(line.state, 'no line'), coalesce(line.quantity, 0)) AS "expected!",
                  format('ledger sums: on_hand %s, reserved %s', coalesce(ledger.on_hand, 0),
                         coalesce(ledger.reserved, 0)) AS "found!"
           FROM inventory.reservation_lines AS line
           FULL JOIN (SELECT order_id, sku, warehouse_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
                      FROM inventory.ledger WHERE order_id IS NOT NULL AND kind IN ('reserved', 'released', 'shipped')
                      GROUP BY order_id, sku, warehouse_id) AS ledger USING (order_id, sku, warehouse_id)
           WHERE coalesce(ledger.reserved, 0) <> CASE line.state WHEN 'active' THEN line.quantity ELSE 0 END
              OR coalesce(ledger.on_hand, 0) <> CASE line.state WHEN 'shipped' THEN -line.quantity ELSE 0 END
           ORDER BY order_id, sku, warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn held_for_closed_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'inventory.reservation_lines' AS "place!",
                  format('order %s sku %s in warehouse %s', o.id, line.sku, line.warehouse_id) AS "row!",
                  format('released: the order is %s', o.status) AS "expected!",
                  format('%s units %s', line.quantity, line.state) AS "found!"
           FROM orders.orders o JOIN inventory.reservation_lines line ON line.order_id = o.id
           WHERE o.status IN ('rejected', 'cancelled') AND line.state <> 'released'
           ORDER BY o.id, line.sku, line.warehouse_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// All units of a confirmed order must be reserved or shipped, but for those that were cancelled; those of a delivered
/// order must be shipped.
pub async fn orders_without_stock(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.items' AS "place!", format('order %s sku %s', o.id, item.sku) AS "row!",
                  format('%s units %s', open.units,
                         CASE o.status WHEN 'delivered' THEN 'shipped' ELSE 'reserved or shipped' END) AS "expected!",
                  format('%s reserved, %s shipped', reserved.active, reserved.shipped) AS "found!"
           FROM orders.orders o
           JOIN orders.items item ON item.order_id = o.id
           JOIN orders.sagas saga ON saga.order_id = o.id
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(line.quantity) FILTER (WHERE line.state = 'active'), 0) AS active,
                      coalesce(sum(line.quantity) FILTER (WHERE line.state = 'shipped'), 0) AS shipped
               FROM inventory.reservation_lines line WHERE line.order_id = o.id AND line.sku = item.sku) AS reserved
           CROSS JOIN LATERAL (
               SELECT item.quantity - coalesce((saga.state -> 'cancelled' ->> item.sku)::bigint, 0) AS units) AS open
           WHERE ((o.status IN ('confirmed', 'shipped') AND reserved.active + reserved.shipped <> open.units)
               OR (o.status = 'delivered' AND reserved.shipped <> open.units AND o.updated_at < $2))
             AND NOT jsonb_path_exists(saga.state, '$.allocation.*[*].reducing')
           ORDER BY o.id, item.sku LIMIT $1"#,
        scope.offenders_max,
        scope.consistent_by
    )
    .fetch_all(tx)
    .await
}
