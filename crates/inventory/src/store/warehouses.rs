//! `inventory.warehouses`.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::Warehouse;
use platform::consistency::StoredRow;
use sqlx::PgConnection;

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
    let rows = sqlx::query!("SELECT id, code, name, priority FROM inventory.warehouses ORDER BY priority, id")
        .fetch_all(connection)
        .await?;
    let warehouse = |id, code: &str, name, priority| {
        Ok(Warehouse {
            id: WarehouseId::from_uuid(id),
            code: StoredRow::new("inventory.warehouses", id).read_column("code", code.parse())?,
            name,
            priority,
        })
    };
    rows.into_iter().map(|row| warehouse(row.id, &row.code, row.name, row.priority)).collect()
}
