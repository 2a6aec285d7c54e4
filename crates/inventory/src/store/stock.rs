//! `inventory.stock`: lists rows, and sets low-stock thresholds.

use super::level;
use crate::StoreError;
use crate::views::{StockFilter, StockItem};
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::product::Sku;
use platform::consistency::StoredRow;
use sqlx::{PgConnection, Postgres, QueryBuilder};

#[derive(sqlx::FromRow)]
struct ListedRow {
    sku: String,
    warehouse_id: uuid::Uuid,
    warehouse_code: String,
    on_hand: i32,
    reserved: i32,
    low_stock_threshold: Option<i32>,
    updated_at: Timestamp,
    warehouse_closed: bool,
}

/// At most `rows_max` rows, by SKU and warehouse.
pub(crate) async fn list_stock(
    connection: &mut PgConnection,
    filter: &StockFilter,
    rows_max: u32,
) -> Result<Vec<StockItem>, StoreError> {
    let rows: Vec<ListedRow> = page(filter, rows_max).build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(StockItem::try_from).collect()
}

/// The row of `sku` in `warehouse`, if there is one.
pub(crate) async fn find_stock_item(
    connection: &mut PgConnection,
    sku: &Sku,
    warehouse: WarehouseId,
) -> Result<Option<StockItem>, StoreError> {
    let filter = StockFilter { skus: Some(vec![sku.clone()]), warehouse_id: Some(warehouse), ..StockFilter::default() };
    Ok(list_stock(connection, &filter, 1).await?.pop())
}

/// The query has only the conditions of the filter, so that each combination gets its own plan.
fn page(filter: &StockFilter, rows_max: u32) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT stock.sku, stock.warehouse_id, warehouse.code AS warehouse_code, stock.on_hand, stock.reserved,
                stock.low_stock_threshold, stock.updated_at, warehouse.closed_at IS NOT NULL AS warehouse_closed
           FROM inventory.stock AS stock
           JOIN inventory.warehouses AS warehouse ON warehouse.id = stock.warehouse_id
          WHERE true",
    );
    if let Some(skus) = &filter.skus {
        let skus: Vec<_> = skus.iter().map(Sku::to_string).collect();
        query.push(" AND stock.sku = ANY(").push_bind(skus).push(")");
    }
    if let Some(warehouse) = &filter.warehouse_id {
        query.push(" AND stock.warehouse_id = ").push_bind(warehouse.as_uuid());
    }
    if filter.low_only {
        query.push(" AND stock.on_hand - stock.reserved <= stock.low_stock_threshold AND warehouse.closed_at IS NULL");
    }
    if let Some(after) = &filter.after {
        query.push(" AND (stock.sku, stock.warehouse_id) > (").push_bind(after.sku.to_string());
        query.push(", ").push_bind(after.warehouse_id.as_uuid()).push(")");
    }
    query.push(" ORDER BY stock.sku, stock.warehouse_id LIMIT ").push_bind(i64::from(rows_max));
    query
}

/// False if the row does not exist.
pub(crate) async fn set_low_stock_threshold(
    tx: &mut PgConnection,
    sku: &Sku,
    warehouse: WarehouseId,
    low_stock_threshold: Option<i32>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sqlx::query!(
        "UPDATE inventory.stock SET low_stock_threshold = $3, updated_at = $4 WHERE sku = $1 AND warehouse_id = $2",
        sku.as_str(),
        warehouse.as_uuid(),
        low_stock_threshold,
        now,
    )
    .execute(tx)
    .await?;
    Ok(changed.rows_affected() == 1)
}

impl TryFrom<ListedRow> for StockItem {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        let stored = StoredRow::new("inventory.stock", &row.sku);
        let warehouse = StoredRow::new("inventory.warehouses", row.warehouse_id);
        Ok(Self {
            warehouse_id: WarehouseId::from_uuid(row.warehouse_id),
            warehouse_code: warehouse.read_column("code", row.warehouse_code.parse())?,
            level: level(&stored, row.on_hand, row.reserved)?,
            low_stock_threshold: row.low_stock_threshold.and_then(|threshold| u32::try_from(threshold).ok()),
            updated_at: row.updated_at,
            warehouse_closed: row.warehouse_closed,
            sku: stored.read_column("sku", row.sku.parse())?,
        })
    }
}
