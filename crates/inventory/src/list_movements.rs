//! Query: the movements of a SKU, page by page, the newest first.

use crate::movements::{MovementCursor, MovementFilter, StockMovement};
use crate::{StoreError, store};
use domain::page::Page;
use domain::product::Sku;
use sqlx::PgPool;

pub async fn list_movements(
    pool: &PgPool,
    sku: &Sku,
    filter: &MovementFilter,
) -> Result<Page<StockMovement, MovementCursor>, StoreError> {
    let rows =
        store::list_movements(&mut *platform::postgres::reader(pool).await?, sku, filter, filter.limit.rows_max())
            .await?;
    Ok(filter.limit.cut(rows, StockMovement::cursor))
}
