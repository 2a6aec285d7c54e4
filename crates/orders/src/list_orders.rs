//! Lists orders, page by page, the newest first. New orders don't shift the pages.

use crate::cursor::Cursor;
use crate::error::StoreError;
use crate::filters::OrderFilter;
use crate::store::order_pages as store;
use crate::viewer::Viewer;
use crate::views::OrderSummary;
use domain::page::Page;
use sqlx::PgPool;
use std::cmp::Reverse;

pub async fn list_orders(
    pool: &PgPool,
    viewer: Viewer,
    filter: OrderFilter,
) -> Result<Page<OrderSummary, Cursor>, StoreError> {
    let rows_max = filter.limit.rows_max();
    // No index covers these filters over the orders of all customers, so a rare status or SKU needs a sequential scan.
    let may_need_scan = viewer.is_admin() && (filter.status.is_some() || filter.sku.is_some());
    let orders = if viewer.vendor().is_some() {
        list_for_vendor(pool, viewer, &filter, rows_max).await?
    } else if may_need_scan {
        let mut tx = platform::postgres::begin(pool).await?;
        store::allow_sequential_scans(&mut tx).await?;
        let found = store::list(&mut tx, viewer, &filter, rows_max).await?;
        tx.rollback().await?;
        found
    } else {
        store::list(&mut *platform::postgres::reader(pool).await?, viewer, &filter, rows_max).await?
    };
    Ok(filter.limit.cut(orders, |last| Cursor(last.id)))
}

/// The orders with a line of the vendor and the orders that the vendor placed: two queries, because each has its own
/// index.
async fn list_for_vendor(
    pool: &PgPool,
    vendor: Viewer,
    filter: &OrderFilter,
    rows_max: u32,
) -> Result<Vec<OrderSummary>, StoreError> {
    let mut connection = platform::postgres::reader(pool).await?;
    let mut orders = store::list(&mut connection, vendor, filter, rows_max).await?;
    orders.extend(store::list(&mut connection, Viewer::Customer(vendor.id()), filter, rows_max).await?);
    orders.sort_unstable_by_key(|order| Reverse(order.id));
    orders.dedup_by_key(|order| order.id);
    orders.truncate(rows_max as usize);
    Ok(orders)
}
