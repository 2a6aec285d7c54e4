//! Stock rows in audit records.

use crate::StockItem;
use domain::ids::WarehouseId;
use domain::product::Sku;
use serde_json::{Value, json};

/// The subject of audit records about a stock row.
pub(crate) fn subject(sku: &Sku, warehouse_id: WarehouseId) -> String {
    format!("stock:{sku}@{warehouse_id}")
}

pub(crate) fn levels(item: &StockItem) -> Value {
    json!({ "on_hand": item.level.on_hand(), "reserved": item.level.reserved() })
}
