//! Shows orders, page by page, the newest first. Pages don't shift when orders arrive meanwhile.

use crate::cursor::Cursor;
use crate::error::StoreError;
use crate::store::queries as store;
use crate::viewer::Viewer;
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::money::Money;
use domain::order::{FulfilmentStatus, OrderStatus, PaymentStatus};
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
    /// Orders with a line of it; for a vendor, a line of theirs.
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
    /// Where the next page begins; none on the last one.
    pub next: Option<Cursor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderSummary {
    pub id: OrderId,
    pub customer_id: UserId,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfilment_status: FulfilmentStatus,
    /// Why it was rejected or cancelled, in a word.
    pub reason: Option<String>,
    /// Why a human should look; for admins only.
    pub attention: Option<String>,
    /// For a vendor: of their own lines.
    pub total: Money,
    /// Rises with whatever happens to the order.
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub async fn list_orders(pool: &PgPool, viewer: Viewer, filter: OrderFilter) -> Result<OrderPage, StoreError> {
    let limit = filter.limit.get();
    // No index finds what may be rare among everybody's orders.
    let may_be_rare = viewer.is_admin() && (filter.status.is_some() || filter.sku.is_some());
    let mut orders = if viewer.vendor().is_some() {
        list_for_vendor(pool, viewer, &filter, limit + 1).await?
    } else if may_be_rare {
        let mut tx = platform::postgres::begin(pool).await?;
        store::may_read_whole_tables(&mut tx).await?;
        let found = store::list(&mut tx, viewer, &filter, limit + 1).await?;
        tx.rollback().await?;
        found
    } else {
        store::list(&mut *pool.acquire().await?, viewer, &filter, limit + 1).await?
    };
    // One more was asked for than is shown, to know whether there is a next page.
    let more = orders.len() > limit as usize;
    orders.truncate(limit as usize);
    let next = orders.last().filter(|_| more).map(|last| Cursor(last.id));
    Ok(OrderPage { orders, next })
}

/// Those with a line of theirs and those that they placed: each kind has an index of its own.
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
