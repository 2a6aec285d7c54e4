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

/// What a look at old reservations found.
pub(crate) struct Looked {
    /// How many there were.
    pub looked: usize,
    /// Those that still hold something.
    pub holds: Vec<LongHold>,
}

/// A stock row that has fallen to its threshold.
pub(crate) struct LowStock {
    pub sku: String,
    pub warehouse_id: WarehouseId,
    pub available: i32,
    pub threshold: i32,
}

/// Looks at no more than `limit` reservations that nobody looked at since `before`, the longest first, and notes those
/// that still hold something as asked now; the others are never looked at again. Those that somebody else is looking
/// at, or moving, are left to them.
pub(crate) async fn question_holds(
    tx: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Looked, StoreError> {
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT order_id FROM inventory.reservations
               WHERE state = 'reserved' AND coalesce(questioned_at, created_at) <= $1
               ORDER BY coalesce(questioned_at, created_at) LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED),
           looked AS MATERIALIZED (
               SELECT order_id, EXISTS (SELECT FROM inventory.reservation_lines AS line
                                        WHERE line.order_id = due.order_id AND line.state = 'active') AS holds
               FROM due)
           UPDATE inventory.reservations AS header
           SET questioned_at = CASE WHEN looked.holds THEN $2::timestamptz ELSE 'infinity' END
           FROM looked
           WHERE header.order_id = ANY (ARRAY(SELECT order_id FROM due)) AND header.order_id = looked.order_id
           RETURNING header.order_id, header.created_at, looked.holds AS "holds!""#,
        before,
        now,
        i64::from(limit),
    )
    .fetch_all(tx)
    .await?;
    let looked = rows.len();
    let holding = rows.into_iter().filter(|row| row.holds);
    let holds = holding.map(|row| LongHold { order_id: OrderId::from_uuid(row.order_id), since: row.created_at });
    Ok(Looked { looked, holds: holds.collect() })
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

/// Forgets at most `limit` of those that have risen above their threshold, or have none any more; says how many.
pub(crate) async fn forget_recovered_stock(tx: &mut PgConnection, limit: u32) -> Result<u64, StoreError> {
    let forgotten = sqlx::query!(
        "DELETE FROM inventory.low_stock WHERE (sku, warehouse_id) IN
             (SELECT sku, warehouse_id FROM inventory.low_stock AS noted
              WHERE NOT EXISTS (SELECT FROM inventory.stock
                                WHERE stock.sku = noted.sku AND stock.warehouse_id = noted.warehouse_id
                                  AND on_hand - reserved <= low_stock_threshold)
              LIMIT $1)",
        i64::from(limit),
    )
    .execute(tx)
    .await?;
    Ok(forgotten.rows_affected())
}
