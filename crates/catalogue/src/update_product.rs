//! Changes a product. Orders that were placed keep the price that they were placed at.

use crate::error::ManageProductError;
use crate::product::{Editor, ProductChange, ProductDetails, Viewer};
use crate::store;
use domain::Timestamp;
use domain::product::Sku;
use sqlx::PgPool;

/// A vendor changes their own products only.
pub async fn update_product(
    pool: &PgPool,
    editor: Editor,
    sku: Sku,
    change: ProductChange,
    now: Timestamp,
) -> Result<ProductDetails, ManageProductError> {
    let mut connection = pool.acquire().await?;
    if let Some(changed) = store::update(&mut connection, editor, &sku, &change, now).await? {
        return Ok(changed);
    }
    match store::find(&mut connection, &sku, Viewer::Admin).await? {
        Some(_anothers) => Err(ManageProductError::NotYours(sku)),
        None => Err(ManageProductError::NotFound(sku)),
    }
}
