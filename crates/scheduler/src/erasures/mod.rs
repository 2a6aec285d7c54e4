//! Task `complete_erasures`: erases the orders of customers whose accounts were erased, in each slice, a batch of each
//! customer at a time. Every step may be repeated, and run in two processes at once.

use crate::driver::BATCH_MAX;
use accounts::{Erasure, pending_erasures, save_erasure};
use chrono::TimeDelta;
use domain::Timestamp;
use operations::personal_records;
use sqlx::PgPool;

const ORDERS_MAX: u32 = BATCH_MAX as u32;
const CUSTOMERS_MAX: u32 = 16;
/// For so long after the erasure of the account an order may still be stored: by a process that has not noticed it, or
/// with a smaller id than a later one, since ids are made before. A walk that begins after it passes over none.
const ORDERS_STORED_WITHIN: TimeDelta = TimeDelta::seconds(30);

/// Returns the number of erased orders.
pub async fn complete_erasures(pool: &PgPool, now: Timestamp) -> anyhow::Result<usize> {
    let mut erased = 0;
    for erasure in pending_erasures(pool, CUSTOMERS_MAX).await? {
        erased += continue_erasure(pool, erasure, now).await?;
    }
    Ok(erased)
}

/// The position is saved last: what a killed process has not saved is erased again.
async fn continue_erasure(pool: &PgPool, erasure: Erasure, now: Timestamp) -> anyhow::Result<usize> {
    if now <= erasure.requested_at + ORDERS_STORED_WITHIN {
        return Ok(0);
    }
    let batch = orders::erase_orders(pool, erasure.customer, erasure.after, ORDERS_MAX).await?;
    let mut subjects = batch.subjects();
    subjects.extend(shipping::erase_notes(pool, &batch.orders).await?);
    personal_records::erase_orders(pool, &batch.orders, &subjects).await?;
    let next = Erasure {
        orders: erasure.orders + u64::try_from(batch.orders.len())?,
        after: batch.orders.last().copied().or(erasure.after),
        completed_at: batch.is_complete.then_some(now),
        ..erasure
    };
    save_erasure(pool, &next, now).await?;
    if batch.is_complete {
        tracing::info!(user.id = %next.customer, orders = next.orders, "The personal data of a customer are erased");
    }
    Ok(batch.orders.len())
}

#[cfg(test)]
mod tests;
