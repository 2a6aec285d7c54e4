//! What is held for long, and what runs low.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{OrderId, WarehouseId};
use sqlx::PgConnection;

/// An order that holds stock for long.
pub(crate) struct LongHold {
    pub order_id: OrderId,
    pub since: Timestamp,
}

/// A stock row that has fallen to its threshold.
pub(crate) struct LowStock {
    pub sku: String,
    pub warehouse_id: WarehouseId,
    pub available: i32,
    pub threshold: i32,
}

/// Orders that hold stock since `before`, and were not asked about it since then: at most `limit`, the oldest first,
/// each noted as asked now. Those that somebody else is asking, or moving, are left to them.
pub(crate) async fn question_holds(
    tx: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<LongHold>, StoreError> {
    let rows = sqlx::query!(
        "WITH held AS MATERIALIZED (
             SELECT DISTINCT order_id FROM inventory.reservation_lines WHERE state = 'active' AND order_id < $1),
         due AS MATERIALIZED (
             SELECT order_id FROM inventory.reservations
             WHERE order_id = ANY (ARRAY(SELECT order_id FROM held))
               AND coalesce(questioned_at, created_at) <= $2
             ORDER BY order_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED)
         UPDATE inventory.reservations AS header SET questioned_at = $3
         WHERE header.order_id = ANY (ARRAY(SELECT order_id FROM due))
         RETURNING order_id, created_at",
        OrderId::first_at(before).as_uuid(),
        before,
        now,
        i64::from(limit),
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| LongHold { order_id: OrderId::from_uuid(row.order_id), since: row.created_at })
        .collect())
}

/// Notes at most `limit` rows that have newly fallen to their threshold.
pub(crate) async fn note_low_stock(
    tx: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<LowStock>, StoreError> {
    let rows = sqlx::query!(
        "INSERT INTO inventory.low_stock (sku, warehouse_id, available, threshold, since)
         SELECT sku, warehouse_id, on_hand - reserved, low_stock_threshold, $1
         FROM inventory.stock
         WHERE on_hand - reserved <= low_stock_threshold
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

/// Forgets those that have risen above their threshold, or have none any more; says how many.
pub(crate) async fn forget_recovered_stock(tx: &mut PgConnection) -> Result<u64, StoreError> {
    let forgotten = sqlx::query!(
        "DELETE FROM inventory.low_stock AS noted
         WHERE NOT EXISTS (SELECT FROM inventory.stock
                           WHERE stock.sku = noted.sku AND stock.warehouse_id = noted.warehouse_id
                             AND on_hand - reserved <= low_stock_threshold)"
    )
    .execute(tx)
    .await?;
    Ok(forgotten.rows_affected())
}
