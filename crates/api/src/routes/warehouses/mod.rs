//! Warehouses, which orders are shipped from.

pub mod codes;
pub mod create;
pub mod list;
pub mod named;
pub mod update;

use chrono::{DateTime, Utc};
use domain::inventory::{Closure, Warehouse};
use domain::location::Location;
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
    /// ISO 3166-1 alpha-2. Compared with the address of an order by the allocation policy `nearest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "US")]
    country: Option<String>,
    /// The part of its ISO 3166-2 code after the country.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "NJ")]
    region: Option<String>,
    /// Whether orders get nothing from it.
    #[schema(example = false)]
    closed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_reason: Option<String>,
}

impl From<Warehouse> for WarehouseBody {
    fn from(warehouse: Warehouse) -> Self {
        let closed = warehouse.closed.is_some();
        let (closed_at, closed_reason) = warehouse.closed.map(|Closure { at, reason }| (at, reason)).unzip();
        let (country, region) =
            warehouse.location.map(|Location { country, region }| (country.into(), region.map(Into::into))).unzip();
        Self {
            id: warehouse.id.as_uuid(),
            code: warehouse.code.as_str().to_owned(),
            name: warehouse.name,
            priority: warehouse.priority,
            country,
            region: region.flatten(),
            closed,
            closed_at,
            closed_reason,
        }
    }
}
