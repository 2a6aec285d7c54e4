//! Lists orders, page by page, the newest first. New orders don't shift the pages.

use crate::cursor::Cursor;
use crate::error::StoreError;
use crate::filters::OrderFilter;
use crate::store::order_pages as store;
use crate::viewer::Viewer;
use crate::views::OrderSummary;
use sqlx::PgPool;
use std::cmp::Reverse;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    pub orders: Vec<OrderSummary>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

pub async fn list_orders(pool: &PgPool, viewer: Viewer, filter: OrderFilter) -> Result<OrderPage, StoreError> {
    let limit = filter.limit.get();
    // No index covers these filters over the orders of all customers, so a rare status or SKU needs a sequential scan.
    let may_need_scan = viewer.is_admin() && (filter.status.is_some() || filter.sku.is_some());
    let mut orders = if viewer.vendor().is_some() {
        list_for_vendor(pool, viewer, &filter, limit + 1).await?
    } else if may_need_scan {
        let mut tx = platform::postgres::begin(pool).await?;
        store::allow_sequential_scans(&mut tx).await?;
        let found = store::list(&mut tx, viewer, &filter, limit + 1).await?;
        tx.rollback().await?;
        found
    } else {
        store::list(&mut *pool.acquire().await?, viewer, &filter, limit + 1).await?
    };
    // One more row than the page holds was queried, to know whether there is a next page.
    let more = orders.len() > limit as usize;
    orders.truncate(limit as usize);
    let next = orders.last().filter(|_| more).map(|last| Cursor(last.id));
    Ok(OrderPage { orders, next })
}

/// The orders with a line of the vendor and the orders that the vendor placed: two queries, because each has its own
/// index.
async fn list_for_vendor(
    pool: &PgPool,
    vendor: Viewer,
    filter: &OrderFilter,
    limit: u32,
) -> Result<Vec<OrderSummary>, StoreError> {
    let mut connection = pool.acquire().await?;
    let mut orders = store::list(&mut connection, vendor, filter, limit).await?;
    orders.extend(store::list(&mut connection, Viewer::Customer(vendor.id()), filter, limit).await?);
    orders.sort_unstable_by_key(|order| Reverse(order.id));
    orders.dedup_by_key(|order| order.id);
    orders.truncate(limit as usize);
    Ok(orders)
}
