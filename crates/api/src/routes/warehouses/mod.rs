//! Warehouses, which orders are shipped from.

pub mod create;
pub mod list;

use domain::inventory::Warehouse;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct WarehouseBody {
    id: Uuid,
    #[schema(example = "EAST")]
    code: String,
    #[schema(example = "Newark, New Jersey")]
    name: String,
    /// Of several warehouses that can serve an order equally well, the one with the lowest number is used.
    #[schema(example = 1)]
    priority: i32,
}

impl From<Warehouse> for WarehouseBody {
    fn from(warehouse: Warehouse) -> Self {
        Self {
            id: warehouse.id.as_uuid(),
            code: warehouse.code.as_str().to_owned(),
            name: warehouse.name,
            priority: warehouse.priority,
        }
    }
}
