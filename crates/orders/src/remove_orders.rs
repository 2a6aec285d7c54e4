//! Removes orders that ended long ago, from this schema first: from then on no check compares the rows of other slices
//! with the order. `orders.removals` remembers the order until each slice has removed its rows, so that a later run
//! completes what a killed process has begun.

use crate::error::StoreError;
use crate::store::removals;
use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::PgPool;

/// At most `limit` orders that ended before `before` and need nobody's attention, from after the order `after`. The
/// oldest come first.
pub async fn ended_orders(
    pool: &PgPool,
    before: Timestamp,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    Ok(removals::ended_orders(&mut *platform::postgres::reader(pool).await?, before, after, limit).await?)
}

/// Removes those of `orders` that still are what [`ended_orders`] selects and that no transaction has locked. Returns
/// them; each slice has to remove its rows of them next.
pub async fn remove_orders(
    pool: &PgPool,
    orders: &[OrderId],
    before: Timestamp,
    now: Timestamp,
) -> Result<Vec<OrderId>, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let locked = removals::lock_ended(&mut tx, orders, before).await?;
    removals::delete_keys(&mut tx, &locked).await?;
    let removed: Vec<_> = locked.into_iter().map(|order| order.id).collect();
    removals::delete_orders(&mut tx, &removed).await?;
    removals::insert(&mut tx, &removed, now).await?;
    tx.commit().await?;
    Ok(removed)
}

/// At most `limit` removed orders that slices may still have rows of, the oldest first.
pub async fn unfinished_removals(pool: &PgPool, limit: u32) -> Result<Vec<OrderId>, StoreError> {
    Ok(removals::list(&mut *platform::postgres::reader(pool).await?, limit).await?)
}

/// Every slice has removed its rows of `orders`.
pub async fn finish_removals(pool: &PgPool, orders: &[OrderId]) -> Result<(), StoreError> {
    let mut connection = platform::postgres::writer(pool).await?;
    removals::delete(&mut connection, orders).await?;
    Ok(connection.commit().await?)
}
