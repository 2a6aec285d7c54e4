//! The response body of a stock level.

use chrono::{DateTime, Utc};
use inventory::StockItem;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The stock of one SKU in one warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    warehouse_id: Uuid,
    #[schema(example = "EAST")]
    warehouse_code: String,
    /// While it is closed, its stock is not available to orders, and never low.
    #[schema(example = false)]
    warehouse_closed: bool,
    #[schema(example = 110)]
    on_hand: u32,
    /// Reserved for orders.
    #[schema(example = 4)]
    reserved: u32,
    /// `on_hand - reserved`
    #[schema(example = 106)]
    available: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    low_stock_threshold: Option<u32>,
    #[schema(example = false)]
    is_low: bool,
    updated_at: DateTime<Utc>,
}

impl From<StockItem> for StockBody {
    fn from(item: StockItem) -> Self {
        Self {
            is_low: item.is_low(),
            sku: item.sku.into(),
            warehouse_id: item.warehouse_id.as_uuid(),
            warehouse_code: item.warehouse_code.as_str().to_owned(),
            warehouse_closed: item.warehouse_closed,
            on_hand: item.level.on_hand(),
            reserved: item.level.reserved(),
            available: item.level.available(),
            low_stock_threshold: item.low_stock_threshold,
            updated_at: item.updated_at,
        }
    }
}
