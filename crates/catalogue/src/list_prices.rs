//! Lists the prices of a product, page by page, the newest first.

use crate::error::CatalogueError;
use crate::price::{PastPrice, PriceCursor};
use crate::product::Viewer;
use crate::store;
use domain::page::{Page, PageSize};
use domain::product::Sku;
use sqlx::PgPool;

/// `None` when there is no such product. Only its vendor and staff see its prices of before; for others there is none.
pub async fn list_prices(
    pool: &PgPool,
    viewer: Viewer,
    sku: &Sku,
    after: Option<PriceCursor>,
    size: PageSize,
) -> Result<Option<Page<PastPrice, PriceCursor>>, CatalogueError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let product = store::find(&mut connection, sku, viewer).await?;
    let is_visible = product.is_some_and(|details| viewer.manages(&details.product));
    if !is_visible {
        return Ok(None);
    }
    let rows = store::list_prices(&mut connection, sku, after, size.rows_max()).await?;
    Ok(Some(size.cut(rows, PastPrice::cursor)))
}
