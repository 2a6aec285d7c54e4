//! Query: the warehouse that a request names by id, by code, or by both.

use crate::{StoreError, store};
use domain::inventory::{Warehouse, WarehouseRef, WarehouseRefError};
use sqlx::PgPool;

/// The inner error is the caller's: the reference names no warehouse, or two.
pub async fn find_warehouse(
    pool: &PgPool,
    reference: &WarehouseRef,
) -> Result<Result<Warehouse, WarehouseRefError>, StoreError> {
    let found = store::find_warehouses(&mut *platform::postgres::reader(pool).await?, reference).await?;
    Ok(reference.choose(found))
}
