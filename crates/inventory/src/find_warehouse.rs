//! Queries: the warehouse that a request names by id, by code, or by both; and the codes of warehouses that a response
//! names.

use crate::{StoreError, store};
use domain::ids::WarehouseId;
use domain::inventory::{Warehouse, WarehouseCode, WarehouseRef, WarehouseRefError};
use sqlx::PgPool;
use std::collections::HashMap;

/// The inner error is the caller's: the reference names no warehouse, or two.
pub async fn find_warehouse(
    pool: &PgPool,
    reference: &WarehouseRef,
) -> Result<Result<Warehouse, WarehouseRefError>, StoreError> {
    let found = store::find_warehouses(&mut *platform::postgres::reader(pool).await?, reference).await?;
    Ok(reference.choose(found))
}

/// By id. Codes never change, and warehouses are never deleted.
pub async fn warehouse_codes(
    pool: &PgPool,
    ids: &[WarehouseId],
) -> Result<HashMap<WarehouseId, WarehouseCode>, StoreError> {
    store::find_codes(&mut *platform::postgres::reader(pool).await?, ids).await
}
