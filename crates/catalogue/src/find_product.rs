//! Returns one product.

use crate::error::CatalogueError;
use crate::product::{ProductDetails, Viewer};
use crate::store;
use domain::product::Sku;
use sqlx::PgPool;

/// `None` when there is no such product, or it is withdrawn and belongs to another vendor.
pub async fn find_product(pool: &PgPool, sku: &Sku, viewer: Viewer) -> Result<Option<ProductDetails>, CatalogueError> {
    store::find(&mut *platform::postgres::reader(pool).await?, sku, viewer).await
}
