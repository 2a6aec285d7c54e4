//! `GET /products`.

use super::product::ProductBody;
use super::viewer;
use crate::auth::Caller;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use catalogue::ProductFilter;

/// No name is longer.
const SEARCH_LENGTH_MAX: usize = 200;

impl FromQuery for ProductFilter {
    fn read(params: &mut Params) -> Option<Self> {
        let short = |text: &str| match text.chars().count() {
            1..=SEARCH_LENGTH_MAX => Ok(text.to_owned()),
            _ => Err(format!("must be 1 to {SEARCH_LENGTH_MAX} characters")),
        };
        let text = params.optional_as("q", short);
        let vendor_id = params.optional("vendor_id");
        let after = params.cursor();
        let limit = params.limit();
        Some(Self { text: text?, vendor_id: vendor_id?, after: after?, limit: limit? })
    }
}

/// List products
///
/// Requires no token. Vendors also see their own inactive products, support and admins all products.
#[utoipa::path(get, path = "/products", tag = "products",
    params(("q" = Option<String>, Query, description = "Search in names and SKUs"),
        ("vendor_id" = Option<uuid::Uuid>, Query, description = "Filter by vendor"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of products, by SKU", body = Page<ProductBody>)), security((), ("access_token" = [])))]
pub async fn list_products(
    State(state): State<AppState>,
    caller: Option<Caller>,
    Query(filter): Query<ProductFilter>,
) -> Result<Json<Page<ProductBody>>, Problem> {
    let page = catalogue::list_products(state.lists.current(), viewer(caller), filter).await?;
    Ok(Json(page.into()))
}
