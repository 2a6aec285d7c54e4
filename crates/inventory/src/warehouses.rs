//! The places that goods are shipped from.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::inventory::Warehouse;
use sqlx::PgPool;

#[derive(Debug, thiserror::Error)]
pub enum CreateWarehouseError {
    #[error("there is a warehouse of this code already")]
    CodeTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn create_warehouse(
    pool: &PgPool,
    warehouse: &Warehouse,
    now: Timestamp,
) -> Result<(), CreateWarehouseError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let created = store::insert_warehouse(&mut connection, warehouse, now).await?;
    if created { Ok(()) } else { Err(CreateWarehouseError::CodeTaken) }
}

/// All of them, by priority.
pub async fn list_warehouses(pool: &PgPool) -> Result<Vec<Warehouse>, StoreError> {
    store::list_warehouses(&mut *pool.acquire().await?).await
}
