//! Use case: receives many SKUs at once, for seeding and imports.

use crate::{AdjustStockError, store};
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{LedgerEntry, Movement, Origin};
use domain::product::Sku;
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeSet, HashSet};

/// Maximum number of receipts in one transaction.
const RECEIPTS_BATCH_MAX: usize = 1_000;

/// Received units of a SKU in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub units: u32,
}

/// Adds all receipts to stock, one transaction per batch. After a failure, the earlier batches stay committed.
pub async fn receive_many(
    pool: &PgPool,
    receipts: &[Receipt],
    origin: &Origin,
    now: Timestamp,
) -> Result<(), AdjustStockError> {
    for batch in receipts.chunks(RECEIPTS_BATCH_MAX) {
        let mut tx = platform::postgres::begin(pool).await?;
        store::insert_missing_stock(&mut tx, &pairs(batch), now).await?;
        receive(&mut tx, batch.iter(), origin, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Adds only the receipts of (SKU, warehouse) pairs that have no stock row yet, so that repeating it changes nothing.
/// Returns the number of new rows.
pub async fn receive_new(
    pool: &PgPool,
    receipts: &[Receipt],
    origin: &Origin,
    now: Timestamp,
) -> Result<usize, AdjustStockError> {
    let mut added = 0;
    for batch in receipts.chunks(RECEIPTS_BATCH_MAX) {
        let mut tx = platform::postgres::begin(pool).await?;
        let inserted: HashSet<_> =
            store::insert_missing_stock(&mut tx, &pairs(batch), now).await?.into_iter().collect();
        let is_new = |receipt: &&Receipt| inserted.contains(&(receipt.sku.clone(), receipt.warehouse_id));
        receive(&mut tx, batch.iter().filter(is_new), origin, now).await?;
        tx.commit().await?;
        added += inserted.len();
    }
    Ok(added)
}

fn pairs(receipts: &[Receipt]) -> Vec<(&Sku, WarehouseId)> {
    receipts.iter().map(|receipt| (&receipt.sku, receipt.warehouse_id)).collect()
}

async fn receive<'a>(
    tx: &mut PgConnection,
    receipts: impl Iterator<Item = &'a Receipt> + Clone,
    origin: &Origin,
    now: Timestamp,
) -> Result<(), AdjustStockError> {
    let skus: BTreeSet<_> = receipts.clone().map(|receipt| receipt.sku.clone()).collect();
    let mut stock = store::lock_stock(tx, &skus.into_iter().collect::<Vec<_>>(), &[]).await?;
    let mut entries = Vec::new();
    for Receipt { sku, warehouse_id, units } in receipts.cloned() {
        // A receipt of zero units only creates the stock row. The ledger gets no entry.
        if units > 0 {
            let movement = Movement::Received(units);
            stock.apply(&sku, warehouse_id, movement)?;
            entries.push(LedgerEntry { sku, warehouse_id, movement, origin: origin.clone() });
        }
    }
    Ok(store::apply_entries(tx, &entries, now).await?)
}
