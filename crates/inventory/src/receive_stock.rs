//! Goods come in by the lorry: many SKUs at once, for seeding and imports.

use crate::{AdjustStockError, store};
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{Entry, Movement, Origin};
use domain::product::Sku;
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeSet, HashSet};

/// Rows of one transaction.
const RECEIPTS_BATCH_MAX: usize = 1_000;

/// So many pieces of a SKU came into a warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub sku: Sku,
    pub warehouse_id: WarehouseId,
    pub pieces: u32,
}

/// Books all receipts, a batch a transaction: after a failure the batches before it stand.
pub async fn receive_many(
    pool: &PgPool,
    receipts: &[Receipt],
    origin: &Origin,
    now: Timestamp,
) -> Result<(), AdjustStockError> {
    for batch in receipts.chunks(RECEIPTS_BATCH_MAX) {
        let mut tx = platform::postgres::begin(pool).await?;
        store::open_shelves(&mut tx, &pairs(batch), now).await?;
        receive(&mut tx, batch.iter(), origin, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Books the receipts of (SKU, warehouse) pairs that have no stock row yet, and leaves the others alone: repeating it
/// does nothing. Answers how many it booked.
pub async fn receive_new(
    pool: &PgPool,
    receipts: &[Receipt],
    origin: &Origin,
    now: Timestamp,
) -> Result<usize, AdjustStockError> {
    let mut booked = 0;
    for batch in receipts.chunks(RECEIPTS_BATCH_MAX) {
        let mut tx = platform::postgres::begin(pool).await?;
        let opened: HashSet<_> = store::open_shelves(&mut tx, &pairs(batch), now).await?.into_iter().collect();
        let is_new = |receipt: &&Receipt| opened.contains(&(receipt.sku.clone(), receipt.warehouse_id));
        receive(&mut tx, batch.iter().filter(is_new), origin, now).await?;
        tx.commit().await?;
        booked += opened.len();
    }
    Ok(booked)
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
    let mut shelves = store::lock_shelves(tx, &skus.into_iter().collect::<Vec<_>>(), &[]).await?;
    let mut entries = Vec::new();
    for Receipt { sku, warehouse_id, pieces } in receipts.cloned() {
        // A row of no pieces says that the warehouse may have the SKU; there is nothing to book.
        if pieces > 0 {
            let movement = Movement::Received(pieces);
            shelves.apply(&sku, warehouse_id, movement)?;
            entries.push(Entry { sku, warehouse_id, movement, origin: origin.clone() });
        }
    }
    Ok(store::move_stock(tx, &entries, now).await?)
}
