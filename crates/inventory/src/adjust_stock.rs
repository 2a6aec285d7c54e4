//! A person moves stock: goods came in, came back, or were counted.

use crate::{StockFilter, StockItem, StoreError, store};
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{AdjustmentKind, Entry, Origin, StockRefusal};
use domain::product::Sku;
use platform::answer::AnswerSink;
use platform::witness::{Change, Witness};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub kind: AdjustmentKind,
    /// Pieces; below zero only for a count that found fewer.
    pub quantity: i32,
    pub reason: String,
    /// Who does it: `vendor:<id>`, `admin:<id>`.
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

/// Books the adjustment and answers with the row as it is then. A SKU that the warehouse never had begins at zero.
pub async fn adjust_stock(
    pool: &PgPool,
    adjustment: Adjustment,
    now: Timestamp,
    witness: &(impl Witness + AnswerSink<StockItem>),
) -> Result<StockItem, AdjustStockError> {
    let Adjustment { sku, warehouse_id, kind, quantity, reason, actor } = adjustment;
    let movement = kind.movement(quantity)?;
    let mut tx = platform::postgres::begin(pool).await?;
    store::open_shelves(&mut tx, &[(&sku, warehouse_id)], now).await?;
    let mut shelves = store::lock_shelves(&mut tx, std::slice::from_ref(&sku), &[]).await?;
    if shelves.level(&sku, warehouse_id).is_none() {
        return Err(AdjustStockError::UnknownWarehouse);
    }
    let before = Some(record(&item(&mut tx, sku.clone(), warehouse_id).await?));
    shelves.apply(&sku, warehouse_id, movement)?;
    let (subject, why) = (subject(&sku, warehouse_id), Some(reason.clone()));
    let entry = Entry { sku: sku.clone(), warehouse_id, movement, origin: Origin::Person { actor, reason } };
    store::move_stock(&mut tx, &[entry], now).await?;
    let item = item(&mut tx, sku, warehouse_id).await?;
    let after = Some(record(&item));
    witness.note(&mut tx, Change { action: "stock.adjust", subject, reason: why, before, after }).await?;
    witness.keep(&mut tx, &item).await?;
    tx.commit().await?;
    Ok(item)
}

/// From how many available pieces on the row counts as low; `None` for never.
pub async fn set_low_stock_threshold(
    pool: &PgPool,
    sku: &Sku,
    warehouse_id: WarehouseId,
    threshold: Option<u32>,
    now: Timestamp,
    witness: &impl Witness,
) -> Result<StockItem, AdjustStockError> {
    // More than any row can hold means the same whatever the number.
    let legal = |pieces: u32| i32::try_from(pieces).unwrap_or(i32::MAX);
    let mut tx = platform::postgres::begin(pool).await?;
    // Of two who set it at once, the second sees what the first has set.
    store::lock_shelves(&mut tx, std::slice::from_ref(sku), &[]).await?;
    let before = item(&mut tx, sku.clone(), warehouse_id).await?.low_stock_threshold;
    if !store::set_low_stock_threshold(&mut tx, sku, warehouse_id, threshold.map(legal), now).await? {
        return Err(AdjustStockError::UnknownStock);
    }
    let item = item(&mut tx, sku.clone(), warehouse_id).await?;
    let threshold = |pieces: Option<u32>| Some(json!({ "low_stock_threshold": pieces }));
    let (before, after) = (threshold(before), threshold(item.low_stock_threshold));
    if before != after {
        let (action, subject) = ("stock.set_threshold", subject(sku, warehouse_id));
        witness.note(&mut tx, Change { action, subject, reason: None, before, after }).await?;
    }
    tx.commit().await?;
    Ok(item)
}

/// How records name a stock row.
fn subject(sku: &Sku, warehouse_id: WarehouseId) -> String {
    format!("stock:{sku}@{warehouse_id}")
}

/// What they keep of it.
fn record(item: &StockItem) -> Value {
    json!({ "on_hand": item.level.on_hand(), "reserved": item.level.reserved() })
}

async fn item(tx: &mut PgConnection, sku: Sku, warehouse_id: WarehouseId) -> Result<StockItem, AdjustStockError> {
    let filter = StockFilter { skus: Some(vec![sku]), warehouse_id: Some(warehouse_id), ..StockFilter::default() };
    store::list_stock(tx, &filter, 1).await?.pop().ok_or(AdjustStockError::UnknownStock)
}

impl From<sqlx::Error> for AdjustStockError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
