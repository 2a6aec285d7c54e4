//! Stock as clients see it, and what selects it.

use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{StockLevel, WarehouseCode};
use domain::page::PageSize;
use domain::product::Sku;
use std::fmt;
use std::str::FromStr;

/// One SKU in one warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockItem {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub warehouse_code: WarehouseCode,
    /// Its units are not available to orders while it is closed.
    pub warehouse_closed: bool,
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
    /// Only rows at or below their low-stock threshold, in open warehouses.
    pub low_only: bool,
    pub after: Option<StockCursor>,
    pub limit: PageSize,
}

/// The last item of a page. The next page starts after it. Written as `SKU~WAREHOUSE_ID`: neither contains a `~`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockCursor {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a `next_cursor` of a page of stock")]
pub struct InvalidCursor;

impl fmt::Display for StockCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.sku, self.warehouse_id)
    }
}

impl FromStr for StockCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (sku, id) = text.split_once('~').ok_or(InvalidCursor)?;
        let (sku, warehouse_id) = sku.parse().ok().zip(id.parse().ok()).ok_or(InvalidCursor)?;
        Ok(Self { sku, warehouse_id })
    }
}

impl StockItem {
    /// A closed warehouse is never low on stock: nobody is to refill it.
    pub fn is_low(&self) -> bool {
        !self.warehouse_closed && self.low_stock_threshold.is_some_and(|threshold| self.level.available() <= threshold)
    }

    pub(crate) fn cursor(&self) -> StockCursor {
        StockCursor { sku: self.sku.clone(), warehouse_id: self.warehouse_id }
    }
}
