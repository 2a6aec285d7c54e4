//! Use cases: adjust the stock of one row (received, returned or counted units, or a difference), and set its low-stock
//! threshold.

use crate::audited_stock::{levels, subject};
use crate::{StockItem, StoreError, store};
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{AdjustmentKind, LedgerEntry, Origin, StockRefusal};
use domain::product::Sku;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub kind: AdjustmentKind,
    /// Units; with `Counted` all that are on hand, with `Adjusted` the difference.
    pub quantity: i32,
    pub reason: String,
    /// Who adjusts: `vendor:<id>` or `admin:<id>`.
    pub actor: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AdjustStockError {
    #[error("no warehouse has this `warehouse_id`; see GET /api/v1/warehouses")]
    UnknownWarehouse,
    #[error("no stock of this `sku` in this warehouse; receive some first")]
    UnknownStock,
    #[error(transparent)]
    Refused(#[from] StockRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies the adjustment and returns the changed row. A SKU without a row in the warehouse starts at zero.
pub async fn adjust_stock(
    pool: &PgPool,
    adjustment: Adjustment,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<StockItem>),
) -> Result<StockItem, AdjustStockError> {
    let Adjustment { sku, warehouse_id, kind, quantity, reason, actor } = adjustment;
    let mut tx = platform::postgres::begin(pool).await?;
    store::insert_missing_stock(&mut tx, &[(&sku, warehouse_id)], now).await?;
    let mut stock = store::lock_stock(&mut tx, std::slice::from_ref(&sku), &[]).await?;
    let level = stock.level(&sku, warehouse_id).ok_or(AdjustStockError::UnknownWarehouse)?;
    // The level is read under the lock of the row, so that a count is right whatever happens at the same time.
    let movement = kind.movement(quantity, level)?;
    let before = Some(levels(&item(&mut tx, &sku, warehouse_id).await?));
    stock.apply(&sku, warehouse_id, movement)?;
    let (subject, why) = (subject(&sku, warehouse_id), Some(reason.clone()));
    let entry = LedgerEntry { sku: sku.clone(), warehouse_id, movement, origin: Origin::Person { actor, reason } };
    store::apply_entries(&mut tx, &[entry], now).await?;
    let item = item(&mut tx, &sku, warehouse_id).await?;
    let after = Some(levels(&item));
    audit.record(&mut tx, AuditRecord { action: "stock.adjust", subject, reason: why, before, after }).await?;
    audit.store_response(&mut tx, &item).await?;
    tx.commit().await?;
    Ok(item)
}

/// Sets the number of available units at or below which stock is low. `None` means never.
pub async fn set_low_stock_threshold(
    pool: &PgPool,
    sku: &Sku,
    warehouse_id: WarehouseId,
    threshold: Option<u32>,
    now: Timestamp,
    audit: &impl AuditSink,
) -> Result<StockItem, AdjustStockError> {
    // A threshold above the column's range is stored as its maximum: both are more than any row can have.
    let clamped = |units: u32| i32::try_from(units).unwrap_or(i32::MAX);
    let mut tx = platform::postgres::begin(pool).await?;
    // The lock serializes concurrent changes, so that the audit record's `before` is the value that was replaced.
    store::lock_stock(&mut tx, std::slice::from_ref(sku), &[]).await?;
    let before = item(&mut tx, sku, warehouse_id).await?.low_stock_threshold;
    if !store::set_low_stock_threshold(&mut tx, sku, warehouse_id, threshold.map(clamped), now).await? {
        return Err(AdjustStockError::UnknownStock);
    }
    let item = item(&mut tx, sku, warehouse_id).await?;
    let threshold = |units: Option<u32>| Some(json!({ "low_stock_threshold": units }));
    let (before, after) = (threshold(before), threshold(item.low_stock_threshold));
    if before != after {
        let (action, subject) = ("stock.set_threshold", subject(sku, warehouse_id));
        audit.record(&mut tx, AuditRecord { action, subject, reason: None, before, after }).await?;
    }
    tx.commit().await?;
    Ok(item)
}

async fn item(tx: &mut PgConnection, sku: &Sku, warehouse_id: WarehouseId) -> Result<StockItem, AdjustStockError> {
    store::find_stock_item(tx, sku, warehouse_id).await?.ok_or(AdjustStockError::UnknownStock)
}

impl From<sqlx::Error> for AdjustStockError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
