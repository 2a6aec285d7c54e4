//! Queries: stock page by page, and the stock of one SKU in all warehouses.

use crate::views::{StockCursor, StockFilter, StockItem};
use crate::{StoreError, store};
use domain::page::Page;
use domain::product::Sku;
use sqlx::PgPool;

/// Maximum number of stock rows of one SKU: one per warehouse.
const WAREHOUSES_MAX: u32 = 1_000;

/// A page of stock, by SKU and warehouse.
pub async fn list_stock(pool: &PgPool, filter: &StockFilter) -> Result<Page<StockItem, StockCursor>, StoreError> {
    let rows =
        store::list_stock(&mut *platform::postgres::reader(pool).await?, filter, filter.limit.rows_max()).await?;
    Ok(filter.limit.cut(rows, StockItem::cursor))
}

/// The stock of the SKU in every warehouse that has a row for it, including empty rows.
pub async fn find_stock(pool: &PgPool, sku: &Sku) -> Result<Vec<StockItem>, StoreError> {
    let filter = StockFilter { skus: Some(vec![sku.clone()]), ..StockFilter::default() };
    store::list_stock(&mut *platform::postgres::reader(pool).await?, &filter, WAREHOUSES_MAX).await
}
