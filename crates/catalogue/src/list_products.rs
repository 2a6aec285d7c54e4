//! Lists products, page by page, in the order of their SKUs.

use crate::cursor::Cursor;
use crate::error::CatalogueError;
use crate::product::{ProductDetails, Viewer};
use crate::store;
use domain::ids::UserId;
use sqlx::PgPool;

pub const PAGE_SIZE_MAX: u32 = 100;
const PAGE_SIZE_DEFAULT: u32 = 20;

/// 1 to 100 products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Part of a name or a SKU, in any case. It is plain text: `%` and `_` are no wildcards.
    pub text: Option<String>,
    pub vendor_id: Option<UserId>,
    pub after: Option<Cursor>,
    pub limit: PageSize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPage {
    pub products: Vec<ProductDetails>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page size must be 1 to {PAGE_SIZE_MAX}, got {0}")]
pub struct BadPageSize(i64);

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

impl PageSize {
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(PAGE_SIZE_DEFAULT)
    }
}

impl TryFrom<i64> for PageSize {
    type Error = BadPageSize;

    fn try_from(size: i64) -> Result<Self, BadPageSize> {
        match u32::try_from(size) {
            Ok(size @ 1..=PAGE_SIZE_MAX) => Ok(Self(size)),
            _ => Err(BadPageSize(size)),
        }
    }
}
