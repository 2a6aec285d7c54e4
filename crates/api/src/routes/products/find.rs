//! `GET /products/{sku}`.

use super::product::ProductBody;
use super::viewer;
use crate::auth::Caller;
use crate::params::PathParam;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use domain::product::Sku;

/// Show a product
///
/// Requires no token. Inactive products are visible only to their vendor, to support and to admins.
#[utoipa::path(get, path = "/products/{sku}", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU", example = "SKU-HEADPHONES")),
    responses((status = 200, description = "The product", body = ProductBody)), security((), ("access_token" = [])))]
pub async fn find_product(
    State(state): State<AppState>,
    caller: Option<Caller>,
    PathParam(sku): PathParam<Sku>,
) -> Result<Json<ProductBody>, Problem> {
    let found = catalogue::find_product(&state.pool, &sku, viewer(caller)).await?;
    found.map(|product| Json(product.into())).ok_or_else(|| Problem::not_found("product"))
}
