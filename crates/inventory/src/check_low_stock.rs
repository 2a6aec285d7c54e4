//! Scheduled task: records stock rows that fell to their low-stock threshold, and logs each once. Forgets rows that
//! recovered.

use crate::{StoreError, store};
use domain::Timestamp;
use sqlx::PgPool;

/// Returns the number of rows that fell or recovered since the last run, at most `limit` of each.
pub async fn check_low_stock(pool: &PgPool, now: Timestamp, limit: u32) -> Result<usize, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let recovered = store::delete_recovered_stock(&mut tx, limit).await?;
    let low = store::record_low_stock(&mut tx, now, limit).await?;
    tx.commit().await?;
    for store::LowStock { sku, warehouse_id, available, threshold } in &low {
        tracing::warn!(sku, warehouse.id = %warehouse_id, available, threshold, "Stock of {sku} is low");
    }
    Ok(low.len() + usize::try_from(recovered).unwrap_or(usize::MAX))
}
