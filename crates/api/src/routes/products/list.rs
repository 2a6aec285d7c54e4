//! `GET /products`.

use super::product::ProductBody;
use super::viewer;
use crate::auth::Caller;
use crate::page::Page;
use crate::params::{FromQuery, Params, Query};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use catalogue::ProductFilter;
use domain::ids::UserId;

/// No name is longer.
const SEARCH_LENGTH_MAX: usize = 200;

#[derive(Debug)]
pub struct ProductQuery {
    filter: ProductFilter,
    mine: bool,
}

impl FromQuery for ProductQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let short = |text: &str| match text.chars().count() {
            1..=SEARCH_LENGTH_MAX => Ok(text.to_owned()),
            _ => Err(format!("must be 1 to {SEARCH_LENGTH_MAX} characters")),
        };
        let text = params.optional_as("q", short);
        let vendor_id = params.optional("vendor_id");
        let mine = params.flag("mine");
        let after = params.cursor();
        let limit = params.limit();
        let filter = ProductFilter { text: text?, vendor_id: vendor_id?, after: after?, limit: limit? };
        Some(Self { filter, mine: mine? })
    }
}

/// List products
///
/// Requires no token. Vendors also see their own inactive products, support and admins all products.
#[utoipa::path(get, path = "/products", tag = "products",
    params(("q" = Option<String>, Query, description = "Search in names and SKUs"),
        ("vendor_id" = Option<uuid::Uuid>, Query, description = "Filter by vendor"),
        ("mine" = Option<bool>, Query, description = "Only your own products, withdrawn ones included; needs a token"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of products, by SKU", body = Page<ProductBody>)), security((), ("access_token" = [])))]
pub async fn list_products(
    State(state): State<AppState>,
    caller: Option<Caller>,
    Query(ProductQuery { mut filter, mine }): Query<ProductQuery>,
) -> Result<Json<Page<ProductBody>>, Problem> {
    if mine {
        filter.vendor_id = Some(own_id(caller, filter.vendor_id)?);
    }
    let page = catalogue::list_products(state.lists.current(), viewer(caller), filter).await?;
    Ok(Json(page.into()))
}

/// The vendor that `mine=true` means.
fn own_id(caller: Option<Caller>, requested: Option<UserId>) -> Result<UserId, Problem> {
    let Some(Caller { id, .. }) = caller else {
        let detail =
            "`mine` needs the header `Authorization: Bearer <access token>`; POST /api/v1/auth/login gives a token";
        return Err(Problem::about_parameter(Kind::Unauthenticated, "mine", detail));
    };
    if requested.is_some_and(|requested| requested != id) {
        let detail = "`mine` and `vendor_id` of another vendor exclude each other; send one of them";
        return Err(Problem::about_parameter(Kind::Validation, "mine", detail));
    }
    Ok(id)
}
