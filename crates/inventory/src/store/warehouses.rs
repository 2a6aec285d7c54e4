//! `inventory.warehouses`.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{Closure, Warehouse, WarehouseCode, WarehouseRef};
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use std::collections::HashMap;

const TABLE: &str = "inventory.warehouses";

struct WarehouseRow {
    id: uuid::Uuid,
    code: String,
    name: String,
    priority: i32,
    closed_at: Option<Timestamp>,
    closed_reason: Option<String>,
}

/// False if a warehouse with this code exists.
pub(crate) async fn insert_warehouse(
    tx: &mut PgConnection,
    warehouse: &Warehouse,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "INSERT INTO inventory.warehouses (id, code, name, priority, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (code) DO NOTHING",
        warehouse.id.as_uuid(),
        warehouse.code.as_str(),
        warehouse.name,
        warehouse.priority,
        now,
    )
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// All of them, by priority.
pub(crate) async fn list_warehouses(connection: &mut PgConnection) -> Result<Vec<Warehouse>, StoreError> {
    let rows = sqlx::query_as!(
        WarehouseRow,
        "SELECT id, code, name, priority, closed_at, closed_reason FROM inventory.warehouses ORDER BY priority, id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Warehouse::try_from).collect()
}

/// The warehouses with the id and with the code of `reference`: none, one or two.
pub(crate) async fn find_warehouses(
    connection: &mut PgConnection,
    reference: &WarehouseRef,
) -> Result<Vec<Warehouse>, StoreError> {
    let rows = sqlx::query_as!(
        WarehouseRow,
        "SELECT id, code, name, priority, closed_at, closed_reason FROM inventory.warehouses
          WHERE id = $1 OR code = $2",
        reference.id().map(|id| id.as_uuid()),
        reference.code().map(WarehouseCode::as_str),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Warehouse::try_from).collect()
}

pub(crate) async fn find_codes(
    connection: &mut PgConnection,
    ids: &[WarehouseId],
) -> Result<HashMap<WarehouseId, WarehouseCode>, StoreError> {
    let ids: Vec<_> = ids.iter().map(WarehouseId::as_uuid).collect();
    let rows = sqlx::query!("SELECT id, code FROM inventory.warehouses WHERE id = ANY($1)", &ids)
        .fetch_all(connection)
        .await?;
    let code = |id, code: &str| StoredRow::new(TABLE, id).read_column("code", code.parse());
    rows.into_iter().map(|row| Ok((WarehouseId::from_uuid(row.id), code(row.id, &row.code)?))).collect()
}

/// A warehouse that exists. They are never deleted.
pub(crate) async fn lock_warehouse(tx: &mut PgConnection, id: WarehouseId) -> Result<Warehouse, StoreError> {
    let row = sqlx::query_as!(
        WarehouseRow,
        "SELECT id, code, name, priority, closed_at, closed_reason FROM inventory.warehouses
          WHERE id = $1 FOR NO KEY UPDATE",
        id.as_uuid(),
    )
    .fetch_one(tx)
    .await?;
    row.try_into()
}

pub(crate) async fn update_warehouse(tx: &mut PgConnection, warehouse: &Warehouse) -> Result<(), StoreError> {
    let (closed_at, closed_reason) = warehouse.closed.as_ref().map(|closure| (closure.at, &closure.reason)).unzip();
    let changed = sqlx::query!(
        "UPDATE inventory.warehouses SET name = $2, priority = $3, closed_at = $4, closed_reason = $5 WHERE id = $1",
        warehouse.id.as_uuid(),
        warehouse.name,
        warehouse.priority,
        closed_at,
        closed_reason,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(TABLE, 1, changed.rows_affected())?)
}

impl TryFrom<WarehouseRow> for Warehouse {
    type Error = StoreError;

    fn try_from(row: WarehouseRow) -> Result<Self, StoreError> {
        let closed = row.closed_at.zip(row.closed_reason).map(|(at, reason)| Closure { at, reason });
        Ok(Self {
            id: WarehouseId::from_uuid(row.id),
            code: StoredRow::new(TABLE, row.id).read_column("code", row.code.parse())?,
            name: row.name,
            priority: row.priority,
            closed,
        })
    }
}
