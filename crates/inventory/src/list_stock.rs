//! Queries: stock page by page, and the stock of one SKU in all warehouses.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{StockLevel, WarehouseCode};
use domain::product::Sku;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

pub const PAGE_MAX: u32 = 100;
/// Maximum number of stock rows of one SKU: one per warehouse.
const WAREHOUSES_MAX: u32 = 1_000;

/// One SKU in one warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockItem {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub warehouse_code: WarehouseCode,
    pub level: StockLevel,
    pub low_stock_threshold: Option<u32>,
    pub updated_at: Timestamp,
}

/// Filter and position of a page.
#[derive(Debug, Clone, Default)]
pub struct StockFilter {
    /// Only these SKUs: those that the client searches for, or those of a vendor. `None` matches all.
    pub skus: Option<Vec<Sku>>,
    pub warehouse_id: Option<WarehouseId>,
    /// Only rows at or below their low-stock threshold.
    pub low_only: bool,
    pub after: Option<StockCursor>,
    /// 1 to [`PAGE_MAX`].
    pub limit: u32,
}

/// The last item of a page. The next page starts after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCursor {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
}

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

impl StockItem {
    pub fn is_low(&self) -> bool {
        self.low_stock_threshold.is_some_and(|threshold| self.level.available() <= threshold)
    }

    fn cursor(&self) -> StockCursor {
        StockCursor { sku: self.sku.clone(), warehouse_id: self.warehouse_id }
    }
}
