//! `PATCH /products/{sku}`.

use super::product::ProductBody;
use super::{editor, ensure_may_get_products};
use crate::body::{FromJson, Json, Members, boolean, parsed};
use crate::change::{Audited, Detached};
use crate::params::PathParam;
use crate::policy::ManageProducts;
use crate::problem::Problem;
use crate::routes::money::{self, MoneyBody};
use crate::state::AppState;
use catalogue::{Description, ProductChange, ProductName};
use domain::ids::UserId;
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
    /// Whether new orders wait for units that are out of stock. Orders that are placed already are not affected.
    backorder: Option<bool>,
    /// The new vendor; only admins can hand a product over. Open orders stay with the vendor before.
    #[schema(value_type = Option<uuid::Uuid>)]
    vendor_id: Option<UserId>,
}

impl FromJson for ProductChangeBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let name = members.optional("name", parsed);
        let description = members.optional("description", parsed);
        let price = members.optional("price", money::read);
        let active = members.optional("active", boolean);
        let backorder = members.optional("backorder", boolean);
        let vendor_id = members.optional("vendor_id", parsed);
        Some(Self {
            name: name?,
            description: description?,
            price: price?,
            active: active?,
            backorder: backorder?,
            vendor_id: vendor_id?,
        })
    }
}

/// Change a product
///
/// Placed orders keep their price; new orders get the new price, and wait or not, after at most 2 seconds.
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
    let ProductChangeBody { name, description, price, active, backorder, vendor_id } = body;
    if let Some(vendor) = vendor_id {
        ensure_may_get_products(&detached.state, by.caller, vendor).await?;
    }
    let change = ProductChange { name, description, price, active, backorder, vendor_id };
    let work = |state: AppState| async move {
        catalogue::update_product(&state.pool, editor(by.caller), sku, change, by.at, &by.auditor()).await
    };
    Ok(axum::Json(detached.run(work).await?.into()))
}
