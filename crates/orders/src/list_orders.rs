//! Lists orders, page by page, the newest first. New orders don't shift the pages.

use crate::cursor::Cursor;
use crate::error::StoreError;
use crate::filters::OrderFilter;
use crate::store::order_filters::Created;
use crate::store::order_pages as store;
use crate::viewer::Viewer;
use crate::views::OrderSummary;
use domain::page::Page;
use sqlx::{PgConnection, PgPool};
use std::cmp::Reverse;

pub async fn list_orders(
    pool: &PgPool,
    viewer: Viewer,
    filter: OrderFilter,
) -> Result<Page<OrderSummary, Cursor>, StoreError> {
    let rows_max = filter.limit.rows_max();
    let mut connection = platform::postgres::reader(pool).await?;
    let mut orders = list(&mut connection, viewer, &filter, rows_max).await?;
    if viewer.vendor().is_some() {
        // The orders with a line of the vendor and the orders that the vendor placed: two queries, because each has its
        // own index.
        orders.extend(list(&mut connection, Viewer::Customer(viewer.id()), &filter, rows_max).await?);
        orders.sort_unstable_by_key(|order| Reverse(order.id));
        orders.dedup_by_key(|order| order.id);
        orders.truncate(rows_max as usize);
    }
    Ok(filter.limit.cut(orders, |last| Cursor(last.id)))
}

/// The orders that were placed long before `changed_from` are read only when the others don't fill the page.
async fn list(
    connection: &mut PgConnection,
    viewer: Viewer,
    filter: &OrderFilter,
    rows_max: u32,
) -> Result<Vec<OrderSummary>, StoreError> {
    let mut orders = store::list(connection, viewer, filter, Created::Recently, rows_max).await?;
    let missing = rows_max.saturating_sub(u32::try_from(orders.len()).unwrap_or(rows_max));
    if filter.changed_from.is_some() && missing > 0 {
        orders.extend(store::list(connection, viewer, filter, Created::Before, missing).await?);
    }
    Ok(orders)
}
