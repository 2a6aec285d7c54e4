//! `POST /products`.

use super::product::ProductBody;
use super::{editor, ensure_may_get_products};
use crate::body::{FromJson, Members, boolean, parsed};
use crate::change::{Audited, Detached};
use crate::idempotency::{IdempotentJson, IdempotentResponse, KeyParam};
use crate::policy::ManageProducts;
use crate::problem::{Kind, Problem};
use crate::routes::money::{self, MoneyBody};
use crate::state::AppState;
use axum::http::StatusCode;
use catalogue::{Description, NewProduct, ProductDetails, ProductName};
use domain::ids::UserId;
use domain::money::Money;
use domain::product::Sku;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct NewProductBody {
    /// 1 to 64 letters, digits, dots, dashes or underscores; the first is a letter or a digit.
    #[schema(value_type = String, example = "SKU-TURNTABLE", pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    sku: Sku,
    #[schema(value_type = String, example = "Turntable")]
    name: ProductName,
    #[schema(value_type = Option<String>, example = "Belt drive, 33 and 45")]
    description: Description,
    #[schema(value_type = MoneyBody)]
    price: Money,
    /// Whether it can be ordered; default true.
    #[schema(value_type = Option<bool>)]
    active: bool,
    /// Whether orders wait for units that are out of stock, instead of being rejected; default false.
    #[schema(value_type = Option<bool>)]
    backorder: bool,
    /// The vendor; default yourself. Admins can set another user.
    #[schema(value_type = Option<uuid::Uuid>)]
    vendor_id: Option<UserId>,
}

impl FromJson for NewProductBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let sku = members.required("sku", |field| field.text_as(Sku::for_new));
        let name = members.required("name", parsed);
        let description = members.optional("description", parsed);
        let price = members.required("price", money::read);
        let active = members.optional("active", boolean);
        let backorder = members.optional("backorder", boolean);
        let vendor_id = members.optional("vendor_id", parsed);
        Some(Self {
            sku: sku?,
            name: name?,
            description: description?.unwrap_or_default(),
            price: price?,
            active: active?.unwrap_or(true),
            backorder: backorder?.unwrap_or(false),
            vendor_id: vendor_id?,
        })
    }
}

/// Create a product
///
/// It can be ordered at once, from every warehouse that has stock of it.
#[utoipa::path(post, path = "/products", tag = "products", params(KeyParam), request_body = NewProductBody,
    responses((status = 201, description = "The product", body = ProductBody,
        headers(("Location" = String, description = "The URL of the product")))),
    extensions(("x-problems" = json!([Kind::AlreadyExists]))), security(("access_token" = [])))]
pub async fn create_product(
    detached: Detached,
    by: Audited<ManageProducts>,
    IdempotentJson { body, idempotency }: IdempotentJson<NewProductBody>,
) -> Result<IdempotentResponse, Problem> {
    let vendor_id = body.vendor_id.unwrap_or(by.caller.id);
    ensure_may_get_products(&detached.state, by.caller, vendor_id).await?;
    let NewProductBody { sku, name, description, price, active, backorder, .. } = body;
    let new = NewProduct { sku, name, description, vendor_id, price, active, backorder };
    let (editor, at) = (editor(by.caller), by.at);
    let work = |state: AppState, recorder| async move {
        catalogue::create_product(&state.pool, editor, new, at, &recorder).await
    };
    detached.run_once(by, idempotency, respond, work).await
}

fn respond(created: &ProductDetails) -> IdempotentResponse {
    let location = format!("/api/v1/products/{}", created.product.sku);
    IdempotentResponse::json(StatusCode::CREATED, &ProductBody::from(created.clone())).with_location(location)
}
