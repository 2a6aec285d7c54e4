//! Changes a product. Orders that were placed keep the price that they were placed at.

use crate::error::ManageProductError;
use crate::product::{Editor, ProductChange, ProductDetails};
use crate::store;
use domain::Timestamp;
use domain::product::Sku;
use platform::witness::{Change, Witness};
use sqlx::PgPool;

/// A vendor changes their own products only.
pub async fn update_product(
    pool: &PgPool,
    editor: Editor,
    sku: Sku,
    change: ProductChange,
    now: Timestamp,
    witness: &impl Witness,
) -> Result<ProductDetails, ManageProductError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let Some(before) = store::lock(&mut tx, &sku).await? else { return Err(ManageProductError::NotFound(sku)) };
    let Some(changed) = store::update(&mut tx, editor, &sku, &change, now).await? else {
        // Of a stranger's product that is withdrawn nobody may know that it exists.
        let is_known = before.product.active;
        return Err(if is_known { ManageProductError::NotYours(sku) } else { ManageProductError::NotFound(sku) });
    };
    let (subject, before, after) = (before.subject(), Some(before.record()), Some(changed.record()));
    witness.note(&mut tx, Change { action: "product.update", subject, reason: None, before, after }).await?;
    tx.commit().await?;
    Ok(changed)
}
