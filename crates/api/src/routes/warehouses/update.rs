//! `PATCH /warehouses/{id}`.

use super::WarehouseBody;
use crate::body::{FromJson, Json, Members, boolean, integer_within, parsed, text};
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ManageWarehouses;
use crate::problem::Problem;
use crate::routes::reason;
use crate::state::AppState;
use domain::inventory::{WarehouseChange, WarehouseRef};
use domain::location::{Country, Region};
use utoipa::ToSchema;

/// Fields to change; fields that are left out keep their value.
#[derive(Debug, ToSchema)]
pub struct WarehouseChangeBody {
    #[schema(example = "Reno, Nevada")]
    name: Option<String>,
    /// Of several warehouses that can serve an order equally well, the one with the lowest number is used.
    #[schema(example = 2)]
    priority: Option<i32>,
    /// ISO 3166-1 alpha-2. Compared with the address of an order by the allocation policy `nearest`. Another country
    /// without a `region` removes the region.
    #[schema(value_type = Option<String>, example = "US", pattern = "^[A-Za-z]{2}$")]
    country: Option<Country>,
    /// The part of its ISO 3166-2 code after the country. Only for a warehouse with a country.
    #[schema(value_type = Option<String>, example = "NV", pattern = "^[A-Za-z0-9]{1,3}$")]
    region: Option<Region>,
    /// Whether orders get nothing from it.
    #[schema(example = true)]
    closed: Option<bool>,
    /// Required with `closed`; shown while the warehouse is closed, and stored in the audit log.
    #[schema(max_length = 200, example = "Moved to Sparks")]
    reason: Option<String>,
}

impl FromJson for WarehouseChangeBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let name = members.optional("name", text);
        let priority = members.optional("priority", |field| integer_within(field, i32::MIN.into()..=i32::MAX.into()));
        let closed = members.optional("closed", boolean);
        let reason = members.optional("reason", |field| field.text_as(|text| reason::parse(&text)));
        let country = members.optional("country", parsed);
        let region = members.optional("region", parsed);
        Some(Self {
            name: name?,
            priority: priority?,
            country: country?,
            region: region?,
            closed: closed?,
            reason: reason?,
        })
    }
}

/// Change a warehouse
///
/// Renames it, changes its priority or its location, closes it or opens it again. A closed warehouse gets no new reservations and no
/// transfers, and its stock is not available to orders. What is reserved there is still shipped; its stock can be
/// counted and transferred away.
#[utoipa::path(patch, path = "/warehouses/{id}", tag = "inventory", request_body = WarehouseChangeBody,
    params(("id" = String, Path, description = "The warehouse's id or its code", example = "WEST")),
    responses((status = 200, description = "The warehouse after the change", body = WarehouseBody)),
    security(("access_token" = [])))]
pub async fn update_warehouse(
    detached: Detached,
    by: Audited<ManageWarehouses>,
    PathParam(warehouse): PathParam<WarehouseRef>,
    Json(body): Json<WarehouseChangeBody>,
) -> Result<axum::Json<WarehouseBody>, Problem> {
    let WarehouseChangeBody { name, priority, country, region, closed, reason } = body;
    let change = WarehouseChange { name, priority, country, region, closed, reason };
    let work = |state: AppState| async move {
        inventory::update_warehouse(&state.pool, &warehouse, &change, by.at, &by.auditor()).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
