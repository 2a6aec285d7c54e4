//! `GET /warehouses`.

use super::WarehouseBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::policy::SeeWarehouses;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;

/// List warehouses
///
/// All warehouses on one page.
#[utoipa::path(get, path = "/warehouses", tag = "inventory",
    responses((status = 200, description = "Every warehouse", body = Page<WarehouseBody>)), security(("access_token" = [])))]
pub async fn list_warehouses(
    State(state): State<AppState>,
    _allowed: Allowed<SeeWarehouses>,
) -> Result<Json<Page<WarehouseBody>>, Problem> {
    let warehouses = inventory::list_warehouses(&state.pool).await?;
    Ok(Json(Page::complete(warehouses.into_iter().map(WarehouseBody::from))))
}
