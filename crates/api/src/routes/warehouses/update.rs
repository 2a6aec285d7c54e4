//! `PATCH /warehouses/{id}`.

use super::WarehouseBody;
use crate::body::{FromJson, Json, Members, boolean, integer_within, text};
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ManageWarehouses;
use crate::problem::Problem;
use crate::routes::reason;
use crate::state::AppState;
use domain::inventory::{WarehouseChange, WarehouseRef};
use utoipa::ToSchema;

/// Fields to change; fields that are left out keep their value.
#[derive(Debug, ToSchema)]
pub struct WarehouseChangeBody {
    #[schema(example = "Reno, Nevada")]
    name: Option<String>,
    /// Of several warehouses that can serve an order equally well, the one with the lowest number is used.
    #[schema(example = 2)]
    priority: Option<i32>,
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
        Some(Self { name: name?, priority: priority?, closed: closed?, reason: reason? })
    }
}

/// Change a warehouse
///
/// Renames it, changes its priority, closes it or opens it again. A closed warehouse gets no new reservations and no
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
    let WarehouseChangeBody { name, priority, closed, reason } = body;
    let change = WarehouseChange { name, priority, closed, reason };
    let work = |state: AppState| async move {
        inventory::update_warehouse(&state.pool, &warehouse, &change, by.at, &by.auditor()).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
