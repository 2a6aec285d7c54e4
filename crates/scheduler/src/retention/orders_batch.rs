//! One batch of old orders.

use domain::Timestamp;
use domain::ids::OrderId;
use operations::{failed_jobs, personal_records};
use sqlx::PgPool;
use std::collections::HashSet;
use strum::IntoEnumIterator as _;

/// The slices besides `orders` that have rows of an order, in the order in which they remove them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub(super) enum Slice {
    Inventory,
    Payments,
    Shipping,
    FailedJobs,
}

/// The result of a batch.
pub(super) struct Batch {
    pub removed: u64,
    /// Orders that were not removed because a slice has something open of them.
    pub open: u64,
    /// The last considered order, if there may be more after it.
    pub last: Option<OrderId>,
}

/// Removes the next orders that ended before `before`, from after the order `after`; considers at most `limit`.
pub(super) async fn remove(
    pool: &PgPool,
    before: Timestamp,
    after: Option<OrderId>,
    now: Timestamp,
    limit: u32,
) -> anyhow::Result<Batch> {
    let ended = orders::ended_orders(pool, before, after, limit).await?;
    let is_full = ended.len() >= usize::try_from(limit)?;
    let last = ended.last().copied().filter(|_last| is_full);
    let mut open = HashSet::new();
    for slice in Slice::iter() {
        open.extend(slice.open_orders(pool, &ended).await?);
    }
    let removable: Vec<_> = ended.into_iter().filter(|order| !open.contains(order)).collect();
    let removed = orders::remove_orders(pool, &removable, before, now).await?;
    finish(pool, &removed).await?;
    Ok(Batch { removed: count(removed.len()), open: count(open.len()), last })
}

/// Completes the removal of at most `limit` orders, which a killed process has begun. Returns their number.
pub(super) async fn complete(pool: &PgPool, limit: u32) -> anyhow::Result<u64> {
    let begun = orders::unfinished_removals(pool, limit).await?;
    finish(pool, &begun).await
}

/// Removes orders from the other slices. One that a slice has something open of after all is tried again by each run,
/// until `verify` reports it.
async fn finish(pool: &PgPool, removed: &[OrderId]) -> anyhow::Result<u64> {
    if removed.is_empty() {
        return Ok(0);
    }
    erase_texts(pool, removed).await?;
    let mut open = HashSet::new();
    for slice in Slice::iter() {
        open.extend(slice.remove_orders(pool, removed).await?);
    }
    let finished: Vec<_> = removed.iter().copied().filter(|order| !open.contains(order)).collect();
    orders::finish_removals(pool, &finished).await?;
    for order in open {
        tracing::warn!(order.id = %order, "Order {order} was removed, but a slice has something open of it");
    }
    Ok(count(finished.len()))
}

/// Audit records outlive the orders. Once these are gone, nothing connects a text about them with its customer, whose
/// erasure would pass over it.
async fn erase_texts(pool: &PgPool, orders: &[OrderId]) -> anyhow::Result<()> {
    let mut subjects: Vec<_> = orders.iter().map(|order| format!("order:{order}")).collect();
    subjects.extend(shipping::erase_notes(pool, orders).await?);
    let mut tx = platform::postgres::begin(pool).await?;
    personal_records::erase_audit_texts(&mut tx, &subjects).await?;
    Ok(tx.commit().await?)
}

impl Slice {
    async fn open_orders(self, pool: &PgPool, orders: &[OrderId]) -> anyhow::Result<HashSet<OrderId>> {
        Ok(match self {
            Self::Inventory => inventory::open_orders(pool, orders).await?,
            Self::Payments => payments::open_orders(pool, orders).await?,
            Self::Shipping => shipping::open_orders(pool, orders).await?,
            Self::FailedJobs => failed_jobs::orders_with_open_jobs(pool, orders).await?,
        })
    }

    /// Returns the orders that it has something open of and did not remove. An open failed job stays for a person, who
    /// can only discard it.
    pub async fn remove_orders(self, pool: &PgPool, orders: &[OrderId]) -> anyhow::Result<HashSet<OrderId>> {
        Ok(match self {
            Self::Inventory => inventory::remove_orders(pool, orders).await?,
            Self::Payments => payments::remove_orders(pool, orders).await?,
            Self::Shipping => shipping::remove_orders(pool, orders).await?,
            Self::FailedJobs => {
                failed_jobs::delete_jobs_of_orders(pool, orders).await?;
                HashSet::new()
            }
        })
    }
}

fn count(orders: usize) -> u64 {
    u64::try_from(orders).unwrap_or(u64::MAX)
}
