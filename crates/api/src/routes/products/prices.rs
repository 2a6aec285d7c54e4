//! `GET /products/{sku}/prices`.

use super::viewer;
use crate::auth::Allowed;
use crate::page::Page;
use crate::params::{FromQuery, Params, PathParam, Query};
use crate::policy::SeePriceHistory;
use crate::problem::Problem;
use crate::routes::money::MoneyBody;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use catalogue::{PastPrice, PriceCursor};
use chrono::{DateTime, Utc};
use domain::page::PageSize;
use domain::product::Sku;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug)]
pub struct PricesQuery {
    after: Option<PriceCursor>,
    limit: PageSize,
}

impl FromQuery for PricesQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { after: after?, limit: limit? })
    }
}

/// A price of a product, valid until the next one.
#[derive(Debug, Serialize, ToSchema)]
pub struct PastPriceBody {
    price: MoneyBody,
    /// New orders get the price at most 2 seconds later.
    valid_from: DateTime<Utc>,
    /// Who set it, as in the audit log; absent for the price that the product had when the history began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "vendor:0190a1b2-0000-7000-8000-000000000001")]
    changed_by: Option<String>,
}

/// List the prices of a product
///
/// The current price and those before it, newest first. Vendors see their own products only.
#[utoipa::path(get, path = "/products/{sku}/prices", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU", example = "SKU-HEADPHONES"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of prices", body = Page<PastPriceBody>)), security(("access_token" = [])))]
pub async fn list_prices(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<SeePriceHistory>,
    PathParam(sku): PathParam<Sku>,
    Query(PricesQuery { after, limit }): Query<PricesQuery>,
) -> Result<Json<Page<PastPriceBody>>, Problem> {
    let page = catalogue::list_prices(&state.pool, viewer(Some(caller)), &sku, after, limit).await?;
    page.map(|page| Json(page.into())).ok_or_else(|| Problem::not_found("product"))
}

impl From<PastPrice> for PastPriceBody {
    fn from(past: PastPrice) -> Self {
        Self { price: past.price.into(), valid_from: past.valid_from, changed_by: past.changed_by }
    }
}
