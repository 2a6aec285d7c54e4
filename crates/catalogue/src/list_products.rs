//! Lists products, page by page, in the order of their SKUs.

use crate::cursor::Cursor;
use crate::error::CatalogueError;
use crate::product::{ProductDetails, Viewer};
use crate::product_filter::ProductFilter;
use crate::store;
use sqlx::PgPool;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPage {
    pub products: Vec<ProductDetails>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

pub async fn list_products(
    pool: &PgPool,
    viewer: Viewer,
    filter: ProductFilter,
) -> Result<ProductPage, CatalogueError> {
    let limit = filter.limit.get();
    let mut products = store::list(&mut *pool.acquire().await?, viewer, &filter, limit + 1).await?;
    // One more row than the page holds was queried, to know whether there is a next page.
    let more = products.len() > limit as usize;
    products.truncate(limit as usize);
    let next = products.last().filter(|_| more).map(|last| Cursor(last.product.sku.clone()));
    Ok(ProductPage { products, next })
}
