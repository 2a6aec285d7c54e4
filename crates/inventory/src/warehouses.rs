//! Use cases: create and list warehouses.

use crate::{StoreError, store};
use domain::Timestamp;
use domain::inventory::Warehouse;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgPool;

#[derive(Debug, thiserror::Error)]
pub enum CreateWarehouseError {
    #[error("a warehouse with this `code` exists; choose another code")]
    CodeTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn create_warehouse(
    pool: &PgPool,
    warehouse: &Warehouse,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<Warehouse>),
) -> Result<(), CreateWarehouseError> {
    let mut tx = platform::postgres::begin(pool).await.map_err(StoreError::from)?;
    if !store::insert_warehouse(&mut tx, warehouse, now).await? {
        return Err(CreateWarehouseError::CodeTaken);
    }
    let Warehouse { id, code, name, priority, location, closed: _ } = warehouse;
    let subject = format!("warehouse:{id}");
    let after = json!({ "code": code, "name": name, "priority": priority, "location": location });
    let change = AuditRecord { action: "warehouse.create", subject, reason: None, before: None, after: Some(after) };
    audit.record(&mut tx, change).await.map_err(StoreError::from)?;
    audit.store_response(&mut tx, warehouse).await.map_err(StoreError::from)?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// All of them, by priority.
pub async fn list_warehouses(pool: &PgPool) -> Result<Vec<Warehouse>, StoreError> {
    store::list_warehouses(&mut *platform::postgres::reader(pool).await?).await
}
