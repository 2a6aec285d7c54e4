//! Stock as clients see it, and what selects it.

use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{StockLevel, WarehouseCode};
use domain::product::Sku;
use serde::{Deserialize, Serialize};

pub const PAGE_MAX: u32 = 100;

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

impl StockItem {
    pub fn is_low(&self) -> bool {
        self.low_stock_threshold.is_some_and(|threshold| self.level.available() <= threshold)
    }

    pub(crate) fn cursor(&self) -> StockCursor {
        StockCursor { sku: self.sku.clone(), warehouse_id: self.warehouse_id }
    }
}
