//! Removes ended orders from this schema: bookings, shipments, and the events and delays of shipments.

use crate::error::ShippingError;
use crate::store;
use domain::ids::OrderId;
use sqlx::PgPool;
use std::collections::HashSet;

/// Those of `orders` whose booking or shipments are in progress.
pub async fn open_orders(pool: &PgPool, orders: &[OrderId]) -> Result<HashSet<OrderId>, ShippingError> {
    Ok(store::orders_in_progress(&mut *platform::postgres::reader(pool).await?, orders).await?)
}

/// Removes those of `orders` that have nothing in progress, and returns the others. Removing an order twice has no
/// further effect.
pub async fn remove_orders(pool: &PgPool, orders: &[OrderId]) -> Result<HashSet<OrderId>, ShippingError> {
    let mut tx = platform::postgres::begin(pool).await?;
    store::lock_existing_bookings(&mut tx, orders).await?;
    let open = store::orders_in_progress(&mut tx, orders).await?;
    let ended: Vec<_> = orders.iter().copied().filter(|order| !open.contains(order)).collect();
    store::delete_bookings(&mut tx, &ended).await?;
    tx.commit().await?;
    Ok(open)
}
