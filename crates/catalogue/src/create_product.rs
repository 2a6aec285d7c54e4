//! Creates products.

use crate::error::ManageProductError;
use crate::product::{Editor, NewProduct, ProductDetails};
use crate::store;
use domain::Timestamp;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use sqlx::PgPool;

/// The most products that one statement inserts.
pub const CREATE_MAX: usize = 1_000;

/// A vendor can create only their own products.
pub async fn create_product(
    pool: &PgPool,
    editor: Editor,
    new: NewProduct,
    now: Timestamp,
    audit: &(impl AuditSink + ResponseSink<ProductDetails>),
) -> Result<ProductDetails, ManageProductError> {
    if matches!(editor, Editor::Vendor(vendor) if vendor != new.vendor_id) {
        return Err(ManageProductError::NotYours(new.sku));
    }
    let sku = new.sku.clone();
    let mut tx = platform::postgres::begin(pool).await?;
    let created = store::insert(&mut tx, &[new], &editor.actor(), now)
        .await?
        .pop()
        .ok_or(ManageProductError::AlreadyExists(sku))?;
    let (subject, after) = (created.subject(), Some(created.record()));
    audit.record(&mut tx, AuditRecord { action: "product.create", subject, reason: None, before: None, after }).await?;
    audit.store_response(&mut tx, &created).await?;
    tx.commit().await?;
    Ok(created)
}

/// Creates the products whose SKU does not exist yet, at most [`CREATE_MAX`] per statement, and returns how many it
/// created; for seeding. `actor` is recorded as the one who set their prices.
pub async fn create_products(
    pool: &PgPool,
    new: &[NewProduct],
    actor: &str,
    now: Timestamp,
) -> Result<usize, ManageProductError> {
    let mut created = 0;
    for chunk in new.chunks(CREATE_MAX) {
        let mut connection = platform::postgres::writer(pool).await?;
        created += store::insert(&mut connection, chunk, actor, now).await?.len();
        connection.commit().await?;
    }
    Ok(created)
}
