//! Changes a product. Existing orders keep their price, and a new price is added to the product's history.

use crate::error::ManageProductError;
use crate::product::{Editor, ProductChange, ProductDetails};
use crate::store;
use domain::Timestamp;
use domain::product::Sku;
use platform::audit::{AuditRecord, AuditSink};
use sqlx::PgPool;

/// A vendor can change only their own products.
pub async fn update_product(
    pool: &PgPool,
    editor: Editor,
    sku: Sku,
    change: ProductChange,
    now: Timestamp,
    audit: &impl AuditSink,
) -> Result<ProductDetails, ManageProductError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let Some(before) = store::lock(&mut tx, &sku).await? else { return Err(ManageProductError::NotFound(sku)) };
    let Some(changed) = store::update(&mut tx, editor, &sku, &change, now).await? else {
        // The existence of another vendor's withdrawn product must not be revealed.
        let is_visible = before.product.active;
        return Err(if is_visible { ManageProductError::NotYours(sku) } else { ManageProductError::NotFound(sku) });
    };
    if changed.product.price != before.product.price {
        store::insert_price(&mut tx, &changed.product, &editor.actor(), now).await?;
    }
    let (subject, before, after) = (before.subject(), Some(before.record()), Some(changed.record()));
    audit.record(&mut tx, AuditRecord { action: "product.update", subject, reason: None, before, after }).await?;
    tx.commit().await?;
    Ok(changed)
}
