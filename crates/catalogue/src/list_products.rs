//! Lists products, page by page, in the order of their SKUs.

use crate::cursor::Cursor;
use crate::error::CatalogueError;
use crate::product::{ProductDetails, Viewer};
use crate::product_filter::ProductFilter;
use crate::store;
use domain::page::Page;
use sqlx::PgPool;

pub async fn list_products(
    pool: &PgPool,
    viewer: Viewer,
    filter: ProductFilter,
) -> Result<Page<ProductDetails, Cursor>, CatalogueError> {
    let rows =
        store::list(&mut *platform::postgres::reader(pool).await?, viewer, &filter, filter.limit.rows_max()).await?;
    Ok(filter.limit.cut(rows, |last| Cursor(last.product.sku.clone())))
}
