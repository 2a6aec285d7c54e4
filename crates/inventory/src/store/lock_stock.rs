//! `inventory.stock` as a batch sees it: rows are locked once, in one order, and their counters read under the lock.

use super::{level, parsed};
use crate::StoreError;
use domain::Timestamp;
use domain::ids::{OrderId, WarehouseId};
use domain::inventory::{Shelf, Shelves};
use domain::product::Sku;
use sqlx::PgConnection;

struct ShelfRow {
    sku: String,
    warehouse_id: uuid::Uuid,
    priority: i32,
    on_hand: i32,
    reserved: i32,
}

/// Locks the rows of `skus` in all warehouses, and those that `orders` hold something of. The keys of an order's lines
/// never change, so what they name before the lock is what they name after it; their states are read afterwards.
///
/// `wanted` is sorted before it is joined, and a lateral subquery that locks can't be joined but row by row: so the
/// locks are taken in that order.
pub(crate) async fn lock_shelves(
    tx: &mut PgConnection,
    skus: &[Sku],
    orders: &[OrderId],
) -> Result<Shelves, StoreError> {
    if skus.is_empty() && orders.is_empty() {
        return Ok(Shelves::default());
    }
    let skus: Vec<_> = skus.iter().map(Sku::as_str).collect();
    let orders: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    let rows = sqlx::query_as!(
        ShelfRow,
        r#"SELECT locked.sku, locked.warehouse_id, locked.priority AS "priority!", locked.on_hand, locked.reserved
             FROM (SELECT shelf.sku, shelf.warehouse_id
                     FROM UNNEST($1::text[]) AS asked (sku)
                    CROSS JOIN LATERAL (SELECT stock.sku, stock.warehouse_id FROM inventory.stock
                                         WHERE stock.sku = asked.sku OFFSET 0) AS shelf
                    UNION
                   SELECT line.sku, line.warehouse_id
                     FROM UNNEST($2::uuid[]) AS settling (order_id)
                    CROSS JOIN LATERAL (SELECT line.sku, line.warehouse_id FROM inventory.reservation_lines AS line
                                         WHERE line.order_id = settling.order_id OFFSET 0) AS line
                    ORDER BY sku, warehouse_id) AS wanted
            CROSS JOIN LATERAL (SELECT stock.*, (SELECT warehouse.priority FROM inventory.warehouses AS warehouse
                                                  WHERE warehouse.id = stock.warehouse_id) AS priority
                                  FROM inventory.stock
                                 WHERE stock.sku = wanted.sku AND stock.warehouse_id = wanted.warehouse_id
                                   FOR NO KEY UPDATE OF stock) AS locked"#,
        &skus as &[&str],
        &orders,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(ShelfRow::shelf).collect()
}

/// Makes the rows of (SKU, warehouse) pairs that have none, with nothing on hand, in warehouses that there are.
/// Answers which it made.
pub(crate) async fn open_shelves(
    tx: &mut PgConnection,
    pairs: &[(&Sku, WarehouseId)],
    now: Timestamp,
) -> Result<Vec<(Sku, WarehouseId)>, StoreError> {
    let skus: Vec<_> = pairs.iter().map(|(sku, _)| sku.as_str()).collect();
    let warehouses: Vec<_> = pairs.iter().map(|(_, warehouse)| warehouse.as_uuid()).collect();
    let opened = sqlx::query!(
        "INSERT INTO inventory.stock (sku, warehouse_id, updated_at)
         SELECT wanted.sku, wanted.warehouse_id, $3
           FROM UNNEST($1::text[], $2::uuid[]) AS wanted (sku, warehouse_id)
           JOIN inventory.warehouses AS warehouse ON warehouse.id = wanted.warehouse_id
          ORDER BY wanted.sku COLLATE \"C\", wanted.warehouse_id
         ON CONFLICT (sku, warehouse_id) DO NOTHING
         RETURNING sku, warehouse_id",
        &skus as &[&str],
        &warehouses,
        now,
    )
    .fetch_all(tx)
    .await?;
    let pair = |sku: String, warehouse| Ok((parsed(&sku, "stock", "sku", &sku)?, WarehouseId::from_uuid(warehouse)));
    opened.into_iter().map(|row| pair(row.sku, row.warehouse_id)).collect()
}

impl ShelfRow {
    fn shelf(self) -> Result<(Sku, Shelf), StoreError> {
        let sku: Sku = parsed(&self.sku, "stock", "sku", &self.sku)?;
        let level = level(&sku, self.on_hand, self.reserved)?;
        let warehouse_id = WarehouseId::from_uuid(self.warehouse_id);
        Ok((sku, Shelf { warehouse_id, priority: self.priority, level }))
    }
}
