//! `inventory.warehouses`.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::WarehouseId;
use domain::inventory::{Closure, Warehouse, WarehouseCode, WarehouseLocations, WarehouseRef};
use domain::location::{Location, Region};
use platform::consistency::{StoredRow, ensure_rows};
use sqlx::PgConnection;
use std::collections::HashMap;

const TABLE: &str = "inventory.warehouses";

struct WarehouseRow {
    id: uuid::Uuid,
    code: String,
    name: String,
    priority: i32,
    country: Option<String>,
    region: Option<String>,
    closed_at: Option<Timestamp>,
    closed_reason: Option<String>,
}

/// False if a warehouse with this code exists.
pub(crate) async fn insert_warehouse(
    tx: &mut PgConnection,
    warehouse: &Warehouse,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (country, region) = location_columns(warehouse);
    let inserted = sqlx::query!(
        "INSERT INTO inventory.warehouses (id, code, name, priority, country, region, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (code) DO NOTHING",
        warehouse.id.as_uuid(),
        warehouse.code.as_str(),
        warehouse.name,
        warehouse.priority,
        country,
        region,
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
        "SELECT id, code, name, priority, country, region, closed_at, closed_reason
           FROM inventory.warehouses ORDER BY priority, id",
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
        "SELECT id, code, name, priority, country, region, closed_at, closed_reason FROM inventory.warehouses
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
        "SELECT id, code, name, priority, country, region, closed_at, closed_reason FROM inventory.warehouses
          WHERE id = $1 FOR NO KEY UPDATE",
        id.as_uuid(),
    )
    .fetch_one(tx)
    .await?;
    row.try_into()
}

pub(crate) async fn update_warehouse(tx: &mut PgConnection, warehouse: &Warehouse) -> Result<(), StoreError> {
    let (closed_at, closed_reason) = warehouse.closed.as_ref().map(|closure| (closure.at, &closure.reason)).unzip();
    let (country, region) = location_columns(warehouse);
    let changed = sqlx::query!(
        "UPDATE inventory.warehouses
            SET name = $2, priority = $3, country = $4, region = $5, closed_at = $6, closed_reason = $7 WHERE id = $1",
        warehouse.id.as_uuid(),
        warehouse.name,
        warehouse.priority,
        country,
        region,
        closed_at,
        closed_reason,
    )
    .execute(tx)
    .await?;
    Ok(ensure_rows(TABLE, 1, changed.rows_affected())?)
}

/// Where warehouses are. Reads them all, since warehouses are few.
pub(crate) async fn find_locations(tx: &mut PgConnection) -> Result<WarehouseLocations, StoreError> {
    let rows = sqlx::query!("SELECT id, country, region FROM inventory.warehouses WHERE country IS NOT NULL")
        .fetch_all(tx)
        .await?;
    let mut locations = WarehouseLocations::new();
    for row in rows {
        let found = location(row.id, row.country, row.region)?;
        locations.extend(found.map(|location| (WarehouseId::from_uuid(row.id), location)));
    }
    Ok(locations)
}

fn location_columns(warehouse: &Warehouse) -> (Option<&str>, Option<&str>) {
    let location = warehouse.location.as_ref();
    let region = location.and_then(|location| location.region.as_ref()).map(Region::as_str);
    (location.map(|location| location.country.code()), region)
}

fn location(id: uuid::Uuid, country: Option<String>, region: Option<String>) -> Result<Option<Location>, StoreError> {
    let Some(country) = country else { return Ok(None) };
    let stored = StoredRow::new(TABLE, id);
    let country = stored.read_column("country", country.parse())?;
    let region = region.map(|region| stored.read_column("region", region.parse())).transpose()?;
    Ok(Some(Location { country, region }))
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
            location: location(row.id, row.country, row.region)?,
            closed,
        })
    }
}
