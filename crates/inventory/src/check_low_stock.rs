//! Notes which stock has fallen to its threshold, and which has recovered. Each fall is told once, in the log.

use crate::{StoreError, store};
use domain::Timestamp;
use sqlx::PgPool;

/// Says how many rows have newly fallen or recovered, at most `limit` of each.
pub async fn check_low_stock(pool: &PgPool, now: Timestamp, limit: u32) -> Result<usize, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let recovered = store::forget_recovered_stock(&mut tx, limit).await?;
    let low = store::note_low_stock(&mut tx, now, limit).await?;
    tx.commit().await?;
    for store::LowStock { sku, warehouse_id, available, threshold } in &low {
        tracing::warn!(sku, warehouse.id = %warehouse_id, available, threshold, "Stock of {sku} runs low");
    }
    Ok(low.len() + usize::try_from(recovered).unwrap_or(usize::MAX))
}
