//! `GET /inventory`.

use super::stock::StockBody;
use super::{may_see, sees_all, vendor_skus};
use crate::auth::{Allowed, Caller};
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::policy::SeeStock;
use crate::problem::Problem;
use crate::routes::warehouses::named::{IN_QUERY, Named};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::page::PageSize;
use domain::product::Sku;
use inventory::{StockCursor, StockFilter};

#[derive(Debug)]
pub struct StockQuery {
    sku: Option<Sku>,
    warehouse: Named,
    low_only: bool,
    after: Option<StockCursor>,
    limit: PageSize,
}

impl FromQuery for StockQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let sku = params.optional("sku");
        let warehouse = IN_QUERY.read_optional(params);
        let low_only = params.flag("low_only");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { sku: sku?, warehouse: warehouse?, low_only: low_only?, after: after?, limit: limit? })
    }
}

/// List stock
///
/// By SKU and warehouse. Vendors see their own products only.
#[utoipa::path(get, path = "/inventory", tag = "inventory",
    params(("sku" = Option<String>, Query, description = "Filter by SKU"),
        ("warehouse_id" = Option<uuid::Uuid>, Query, description = "Filter by warehouse"),
        ("warehouse_code" = Option<String>, Query, description = "Filter by warehouse, named by its code"),
        ("low_only" = Option<bool>, Query, description = "Only stock at or below its low-stock threshold, in open warehouses"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of stock", body = Page<StockBody>)), security(("access_token" = [])))]
pub async fn list_stock(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeeStock>,
    Query(query): Query<StockQuery>,
) -> Result<Json<Page<StockBody>>, Problem> {
    let skus = visible_skus(&state, caller, query.sku).await?;
    let warehouse_id = IN_QUERY.resolve(&state, query.warehouse).await?;
    let StockQuery { low_only, after, limit, .. } = query;
    let filter = StockFilter { skus, warehouse_id, low_only, after, limit };
    let page = inventory::list_stock(state.lists.current(), &filter).await?;
    Ok(Json(page.into()))
}

/// The SKUs that the caller may see; `None` for all.
async fn visible_skus(state: &AppState, caller: Caller, requested: Option<Sku>) -> Result<Option<Vec<Sku>>, Problem> {
    match (sees_all(caller), requested) {
        (true, requested) => Ok(requested.map(|sku| vec![sku])),
        (false, Some(sku)) if may_see(state, caller, &sku).await? => Ok(Some(vec![sku])),
        (false, Some(_)) => Ok(Some(Vec::new())),
        (false, None) => Ok(Some(vendor_skus(state, caller).await?)),
    }
}
