//! The response body of a product.

use crate::routes::money::MoneyBody;
use catalogue::ProductDetails;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = "Wireless headphones")]
    name: String,
    #[schema(example = "Over the ear, 30 hours")]
    description: String,
    vendor_id: Uuid,
    price: MoneyBody,
    /// Whether it can be ordered.
    active: bool,
    /// Whether orders wait for units that are out of stock, instead of being rejected.
    backorder: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ProductDetails> for ProductBody {
    fn from(details: ProductDetails) -> Self {
        let ProductDetails { product, description, created_at, updated_at } = details;
        Self {
            sku: product.sku.into(),
            name: product.name,
            description,
            vendor_id: product.vendor_id.as_uuid(),
            price: product.price.into(),
            active: product.active,
            backorder: product.backorder,
            created_at,
            updated_at,
        }
    }
}
