//! Queries: stock page by page, and the stock of one SKU in all warehouses.

use crate::views::{PAGE_MAX, StockCursor, StockFilter, StockItem};
use crate::{StoreError, store};
use domain::product::Sku;
use sqlx::PgPool;

/// Maximum number of stock rows of one SKU: one per warehouse.
const WAREHOUSES_MAX: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockPage {
    pub items: Vec<StockItem>,
    pub next: Option<StockCursor>,
}

/// A page of stock, by SKU and warehouse.
pub async fn list_stock(pool: &PgPool, filter: &StockFilter) -> Result<StockPage, StoreError> {
    let limit = filter.limit.clamp(1, PAGE_MAX);
    // The extra row only shows whether a next page exists.
    let mut items = store::list_stock(&mut *pool.acquire().await?, filter, limit + 1).await?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(StockItem::cursor);
    Ok(StockPage { items, next })
}

/// The stock of the SKU in every warehouse that has a row for it, including empty rows.
pub async fn find_stock(pool: &PgPool, sku: &Sku) -> Result<Vec<StockItem>, StoreError> {
    let filter = StockFilter { skus: Some(vec![sku.clone()]), ..StockFilter::default() };
    store::list_stock(&mut *pool.acquire().await?, &filter, WAREHOUSES_MAX).await
}
