//! `PATCH /products/{sku}`.

use super::editor;
use super::product::ProductBody;
use crate::body::{FromJson, Json, Members, boolean, parsed};
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ManageProducts;
use crate::problem::Problem;
use crate::routes::money::{self, MoneyBody};
use crate::state::AppState;
use catalogue::{Description, ProductChange, ProductName};
use domain::money::Money;
use domain::product::Sku;
use utoipa::ToSchema;

/// Fields to change; fields that are left out keep their value.
#[derive(Debug, ToSchema)]
pub struct ProductChangeBody {
    #[schema(value_type = Option<String>, example = "Wireless headphones, second edition")]
    name: Option<ProductName>,
    #[schema(value_type = Option<String>)]
    description: Option<Description>,
    #[schema(value_type = Option<MoneyBody>)]
    price: Option<Money>,
    active: Option<bool>,
}

impl FromJson for ProductChangeBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let name = members.optional("name", parsed);
        let description = members.optional("description", parsed);
        let price = members.optional("price", money::read);
        let active = members.optional("active", boolean);
        Some(Self { name: name?, description: description?, price: price?, active: active? })
    }
}

/// Change a product
///
/// Placed orders keep their price; new orders get the new price after at most 2 seconds.
#[utoipa::path(patch, path = "/products/{sku}", tag = "products", request_body = ProductChangeBody,
    params(("sku" = String, Path, description = "The product's SKU", example = "SKU-HEADPHONES")),
    responses((status = 200, description = "The changed product", body = ProductBody)),
    security(("access_token" = [])))]
pub async fn update_product(
    detached: Detached,
    by: Audited<ManageProducts>,
    PathParam(sku): PathParam<Sku>,
    Json(body): Json<ProductChangeBody>,
) -> Result<axum::Json<ProductBody>, Problem> {
    let ProductChangeBody { name, description, price, active } = body;
    let change = ProductChange { name, description, price, active };
    let work = |state: AppState| async move {
        catalogue::update_product(&state.pool, editor(by.caller), sku, change, by.at, &by.auditor()).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
