//! Use case: transfers units from one warehouse to another, in one transaction with both ledger entries.

use crate::audited_stock::{levels, subject};
use crate::{AdjustStockError, StockItem, store};
use domain::Timestamp;
use domain::ids::TransferId;
use domain::inventory::Transfer;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

/// A stored transfer, with the stock after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    pub id: TransferId,
    pub units: u32,
    pub from: StockItem,
    pub to: StockItem,
}

/// `actor` is `vendor:<id>` or `admin:<id>`. A SKU without a row in one of the warehouses starts at zero there.
pub async fn transfer_stock(
    pool: &PgPool,
    transfer: &Transfer,
    (actor, reason): (&str, &str),
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Transferred>),
) -> Result<Transferred, AdjustStockError> {
    let sku = transfer.sku();
    let mut tx = platform::postgres::begin(pool).await?;
    store::insert_missing_stock(&mut tx, &[(sku, transfer.from()), (sku, transfer.to())], now).await?;
    let mut stock = store::lock_stock(&mut tx, std::slice::from_ref(sku), &[]).await?;
    if [transfer.from(), transfer.to()].into_iter().any(|warehouse| stock.level(sku, warehouse).is_none()) {
        return Err(AdjustStockError::UnknownWarehouse);
    }
    let before = read(&mut tx, transfer).await?;
    let entries = transfer.apply(&mut stock, actor, reason)?;
    store::apply_entries(&mut tx, &entries, now).await?;
    let after = read(&mut tx, transfer).await?;
    record(&mut tx, audit, reason, &before, &after).await?;
    audit.store_response(&mut tx, &after).await?;
    tx.commit().await?;
    Ok(after)
}

async fn read(tx: &mut PgConnection, transfer: &Transfer) -> Result<Transferred, AdjustStockError> {
    let (id, units) = (transfer.id(), transfer.units());
    let from = store::find_stock_item(tx, transfer.sku(), transfer.from()).await?;
    let to = store::find_stock_item(tx, transfer.sku(), transfer.to()).await?;
    let (from, to) = from.zip(to).ok_or(AdjustStockError::UnknownStock)?;
    Ok(Transferred { id, units, from, to })
}

async fn record(
    tx: &mut PgConnection,
    audit: &impl AuditSink,
    reason: &str,
    before: &Transferred,
    after: &Transferred,
) -> sqlx::Result<()> {
    let (subject, reason) = (format!("transfer:{}", after.id), Some(reason.to_owned()));
    let (before, after) = (Some(sides(before)), Some(sides(after)));
    audit.record(tx, AuditRecord { action: "stock.transfer", subject, reason, before, after }).await
}

/// The stock of both warehouses, in the form of audit records.
fn sides(transferred: &Transferred) -> Value {
    let side = |item: &StockItem| json!({ "stock": subject(&item.sku, item.warehouse_id), "level": levels(item) });
    json!({ "from": side(&transferred.from), "to": side(&transferred.to) })
}
