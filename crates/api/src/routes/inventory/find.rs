//! `GET /inventory/{sku}`.

use super::may_see;
use super::stock::StockBody;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::PathParam;
use crate::policy::SeeStock;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::product::Sku;

/// Show the stock of a SKU
///
/// In every warehouse that has it. Vendors see their own products only.
#[utoipa::path(get, path = "/inventory/{sku}", tag = "inventory",
    params(("sku" = String, Path, description = "The product's SKU", example = "SKU-HEADPHONES")),
    responses((status = 200, description = "One entry per warehouse", body = Page<StockBody>)), security(("access_token" = [])))]
pub async fn find_stock(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeStock>,
    PathParam(sku): PathParam<Sku>,
) -> Result<Json<Page<StockBody>>, Problem> {
    if !may_see(&state, caller, &sku).await? {
        return Err(Problem::not_found("product"));
    }
    let items = inventory::find_stock(&state.pool, &sku).await?;
    Ok(Json(Page::complete(items.into_iter().map(StockBody::from))))
}
