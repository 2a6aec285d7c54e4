//! Puts new products into the catalogue.

use crate::error::ManageProductError;
use crate::product::{Editor, NewProduct, ProductDetails};
use crate::store;
use domain::Timestamp;
use platform::answer::AnswerSink;
use platform::witness::{Change, Witness};
use sqlx::PgPool;

/// Products that one call may bring.
pub const CREATE_MAX: usize = 1_000;

/// A vendor creates products of their own only.
pub async fn create_product(
    pool: &PgPool,
    editor: Editor,
    new: NewProduct,
    now: Timestamp,
    witness: &(impl Witness + AnswerSink<ProductDetails>),
) -> Result<ProductDetails, ManageProductError> {
    if matches!(editor, Editor::Vendor(vendor) if vendor != new.vendor_id) {
        return Err(ManageProductError::NotYours(new.sku));
    }
    let sku = new.sku.clone();
    let mut tx = platform::postgres::begin(pool).await?;
    let created = store::insert(&mut tx, &[new], now).await?.pop().ok_or(ManageProductError::AlreadyExists(sku))?;
    let (subject, after) = (created.subject(), Some(created.record()));
    witness.note(&mut tx, Change { action: "product.create", subject, reason: None, before: None, after }).await?;
    witness.keep(&mut tx, &created).await?;
    tx.commit().await?;
    Ok(created)
}

/// Creates those that are not there yet, at most [`CREATE_MAX`] a statement, and says how many; for seeding.
pub async fn create_products(pool: &PgPool, new: &[NewProduct], now: Timestamp) -> Result<usize, ManageProductError> {
    let mut created = 0;
    for some in new.chunks(CREATE_MAX) {
        created += store::insert(&mut *pool.acquire().await?, some, now).await?.len();
    }
    Ok(created)
}
