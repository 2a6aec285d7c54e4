//! Lists orders, page by page, the newest first. New orders don't shift the pages.

use crate::cursor::Cursor;
use crate::error::StoreError;
use crate::store::order_pages as store;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::money::Money;
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::product::Sku;
use serde::Serialize;
use sqlx::PgPool;
use std::cmp::Reverse;

pub const PAGE_SIZE_MAX: u32 = 100;
const PAGE_SIZE_DEFAULT: u32 = 20;

#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    /// Inclusive.
    pub created_from: Option<Timestamp>,
    /// Exclusive.
    pub created_to: Option<Timestamp>,
    /// Orders with a line of this SKU; for a vendor, with such a line of their own.
    pub sku: Option<Sku>,
    pub after: Option<Cursor>,
    pub limit: PageSize,
}

/// 1 to 100 orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page size must be 1 to {PAGE_SIZE_MAX}, got {0}")]
pub struct BadPageSize(i64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    pub orders: Vec<OrderSummary>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderSummary {
    pub id: OrderId,
    pub customer_id: UserId,
    pub status: OrderStatus,
    pub payment_status: OrderPaymentStatus,
    pub fulfilment_status: FulfilmentStatus,
    /// Why it was rejected or cancelled, as a short code.
    pub reason: Option<String>,
    /// Why the order needs a human; for admins only.
    pub attention: Option<String>,
    /// For a vendor: the total of their own lines.
    pub total: Money,
    /// Rises by one with each timeline entry.
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
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
