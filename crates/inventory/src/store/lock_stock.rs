//! Locks rows of `inventory.stock` in a fixed order, and reads their counters under the lock.

use super::level;
use crate::StoreError;
use domain::Timestamp;
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{StockRow, StockSnapshot};
use domain::product::Sku;
use platform::consistency::StoredRow;
use sqlx::PgConnection;

const TABLE: &str = "inventory.stock";

struct LockedRow {
    sku: String,
    warehouse_id: uuid::Uuid,
    priority: i32,
    is_open: bool,
    on_hand: i32,
    reserved: i32,
}

/// Locks the stock rows of `skus` in all warehouses, and those of the reserved lines of `orders`. The keys of an
/// order's lines change only while it waits, under the lock of its reservation, so it is safe to read them before the
/// lock. Their states are read afterwards.
///
/// The subquery `wanted` is sorted before it is joined, and Postgres can only join a locking lateral subquery row by
/// row. So the rows are locked in that order.
pub(crate) async fn lock_stock(
    tx: &mut PgConnection,
    skus: &[Sku],
    orders: &[OrderId],
) -> Result<StockSnapshot, StoreError> {
    if skus.is_empty() && orders.is_empty() {
        return Ok(StockSnapshot::default());
    }
    let sku: Vec<_> = skus.iter().map(Sku::as_str).collect();
    let order_id: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        LockedRow,
        r#"SELECT locked.sku, locked.warehouse_id, locked.priority AS "priority!", locked.is_open AS "is_open!",
                  locked.on_hand, locked.reserved
             FROM (SELECT stock_row.sku, stock_row.warehouse_id
                     FROM (SELECT unnest($1::text[]) AS sku) AS requested
                    CROSS JOIN LATERAL (SELECT stock.sku, stock.warehouse_id FROM inventory.stock
                                         WHERE stock.sku = requested.sku OFFSET 0) AS stock_row
                    UNION
                   SELECT line.sku, line.warehouse_id
                     FROM (SELECT unnest($2::uuid[]) AS order_id) AS settling
                    CROSS JOIN LATERAL (SELECT line.sku, line.warehouse_id FROM inventory.reservation_lines AS line
                                         WHERE line.order_id = settling.order_id OFFSET 0) AS line
                    ORDER BY sku, warehouse_id) AS wanted
            CROSS JOIN LATERAL (SELECT stock.*, (SELECT warehouse.priority FROM inventory.warehouses AS warehouse
                                                  WHERE warehouse.id = stock.warehouse_id) AS priority,
                                        (SELECT warehouse.closed_at IS NULL FROM inventory.warehouses AS warehouse
                                          WHERE warehouse.id = stock.warehouse_id) AS is_open
                                  FROM inventory.stock
                                 WHERE stock.sku = wanted.sku AND stock.warehouse_id = wanted.warehouse_id
                                   FOR NO KEY UPDATE OF stock) AS locked"#,
        &sku as &[&str],
        &order_id,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(LockedRow::try_into_domain).collect()
}

/// Inserts an empty stock row for each of `pairs` that has none, if the warehouse exists. Returns the pairs of the
/// inserted rows.
pub(crate) async fn insert_missing_stock(
    tx: &mut PgConnection,
    pairs: &[(&Sku, WarehouseId)],
    now: Timestamp,
) -> Result<Vec<(Sku, WarehouseId)>, StoreError> {
    let sku: Vec<_> = pairs.iter().map(|(sku, _)| sku.as_str()).collect();
    let warehouse_id: Vec<_> = pairs.iter().map(|(_, warehouse)| warehouse.as_uuid()).collect();
    let inserted = sqlx::query!(
        "INSERT INTO inventory.stock (sku, warehouse_id, updated_at)
         SELECT wanted.sku, wanted.warehouse_id, $3 AS updated_at
           FROM (SELECT unnest($1::text[]) AS sku, unnest($2::uuid[]) AS warehouse_id) AS wanted
           JOIN inventory.warehouses AS warehouse ON warehouse.id = wanted.warehouse_id
          ORDER BY wanted.sku COLLATE \"C\", wanted.warehouse_id
         ON CONFLICT (sku, warehouse_id) DO NOTHING
         RETURNING sku, warehouse_id",
        &sku as &[&str],
        &warehouse_id,
        now,
    )
    .fetch_all(tx)
    .await?;
    let pair = |sku: String, warehouse| {
        Ok((StoredRow::new(TABLE, &sku).read_column("sku", sku.parse())?, WarehouseId::from_uuid(warehouse)))
    };
    inserted.into_iter().map(|row| pair(row.sku, row.warehouse_id)).collect()
}

impl LockedRow {
    fn try_into_domain(self) -> Result<(Sku, StockRow), StoreError> {
        let stored = StoredRow::new(TABLE, &self.sku);
        let sku = stored.read_column("sku", self.sku.parse())?;
        let level = level(&stored, self.on_hand, self.reserved)?;
        let warehouse_id = WarehouseId::from_uuid(self.warehouse_id);
        Ok((sku, StockRow { warehouse_id, priority: self.priority, is_open: self.is_open, level, set_aside: 0 }))
    }
}
