//! SQL of the scheduled tasks: stale reservations and low stock.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{OrderId, WarehouseId};
use sqlx::PgConnection;

/// An old reservation with active lines.
pub(crate) struct StaleReservation {
    pub order_id: OrderId,
    pub since: Timestamp,
}

/// The result of a check of old reservations.
pub(crate) struct StaleReservations {
    /// The number of checked reservations.
    pub checked: usize,
    /// Those with active lines, and those that wait.
    pub stale: Vec<StaleReservation>,
}

/// A stock row at or below its low-stock threshold.
pub(crate) struct LowStock {
    pub sku: String,
    pub warehouse_id: WarehouseId,
    pub available: i32,
    pub threshold: i32,
}

/// Checks at most `limit` reservations that were created or last queried before `before`, the oldest first. Those with
/// active lines, and those that wait, get `queried_at = now`, the others are never checked again. Rows locked by other transactions are
/// skipped.
pub(crate) async fn query_stale_reservations(
    tx: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<StaleReservations, StoreError> {
    let rows = sqlx::query!(
        r#"WITH waiting AS MATERIALIZED (
               SELECT order_id FROM inventory.reservations
               WHERE state = 'waiting' AND coalesce(queried_at, created_at) <= $1
               ORDER BY coalesce(queried_at, created_at) LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED),
           reserved AS MATERIALIZED (
               SELECT order_id FROM inventory.reservations
               WHERE state = 'reserved' AND coalesce(queried_at, created_at) <= $1
               ORDER BY coalesce(queried_at, created_at)
               LIMIT $3 - (SELECT count(*) FROM waiting) FOR NO KEY UPDATE SKIP LOCKED),
           due AS MATERIALIZED (
               SELECT order_id, true AS waits FROM waiting UNION ALL SELECT order_id, false AS waits FROM reserved),
           looked AS MATERIALIZED (
               SELECT order_id, waits OR EXISTS (SELECT FROM inventory.reservation_lines AS line
                                                 WHERE line.order_id = due.order_id AND line.state = 'active') AS holds
               FROM due)
           UPDATE inventory.reservations AS header
           SET queried_at = CASE WHEN looked.holds THEN $2::timestamptz ELSE 'infinity' END
           FROM looked
           WHERE header.order_id = ANY (ARRAY(SELECT order_id FROM due)) AND header.order_id = looked.order_id
           RETURNING header.order_id, header.created_at, looked.holds AS "holds!""#,
        before,
        now,
        i64::from(limit),
    )
    .fetch_all(tx)
    .await?;
    let checked = rows.len();
    let stale = rows.into_iter().filter(|row| row.holds);
    let stale = stale.map(|row| StaleReservation { order_id: OrderId::from_uuid(row.order_id), since: row.created_at });
    Ok(StaleReservations { checked, stale: stale.collect() })
}

/// Records at most `limit` stock rows of open warehouses that fell to their threshold and are not recorded yet.
pub(crate) async fn record_low_stock(
    tx: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<LowStock>, StoreError> {
    let rows = sqlx::query!(
        "INSERT INTO inventory.low_stock (sku, warehouse_id, available, threshold, since)
         SELECT sku, warehouse_id, on_hand - reserved AS available, low_stock_threshold AS threshold, $1 AS since
         FROM inventory.stock
         WHERE on_hand - reserved <= low_stock_threshold
           AND EXISTS (SELECT FROM inventory.warehouses AS warehouse
                       WHERE warehouse.id = stock.warehouse_id AND warehouse.closed_at IS NULL)
           AND NOT EXISTS (SELECT FROM inventory.low_stock noted
                           WHERE noted.sku = stock.sku AND noted.warehouse_id = stock.warehouse_id)
         ORDER BY sku, warehouse_id LIMIT $2
         ON CONFLICT DO NOTHING
         RETURNING sku, warehouse_id, available, threshold",
        now,
        i64::from(limit),
    )
    .fetch_all(tx)
    .await?;
    let low = rows.into_iter().map(|row| LowStock {
        sku: row.sku,
        warehouse_id: WarehouseId::from_uuid(row.warehouse_id),
        available: row.available,
        threshold: row.threshold,
    });
    Ok(low.collect())
}

/// Deletes at most `limit` records of stock rows that rose above their threshold, lost it, or are in a warehouse that
/// was closed. Returns their number.
pub(crate) async fn delete_recovered_stock(tx: &mut PgConnection, limit: u32) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        "DELETE FROM inventory.low_stock WHERE (sku, warehouse_id) IN
             (SELECT sku, warehouse_id FROM inventory.low_stock AS noted
              WHERE NOT EXISTS (SELECT FROM inventory.stock
                                JOIN inventory.warehouses AS warehouse
                                  ON warehouse.id = stock.warehouse_id AND warehouse.closed_at IS NULL
                                WHERE stock.sku = noted.sku AND stock.warehouse_id = noted.warehouse_id
                                  AND on_hand - reserved <= low_stock_threshold)
              LIMIT $1)",
        i64::from(limit),
    )
    .execute(tx)
    .await?;
    Ok(deleted.rows_affected())
}
