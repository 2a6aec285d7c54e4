//! Removes ended orders from this schema: their reservations, and their ledger entries, whose sums stay in the ledger.

use crate::{StoreError, store};
use domain::ids::OrderId;
use sqlx::PgPool;
use std::collections::HashSet;

/// Those of `orders` with units that are still reserved, or that they wait for.
pub async fn open_orders(pool: &PgPool, orders: &[OrderId]) -> Result<HashSet<OrderId>, StoreError> {
    store::orders_with_reserved_units(&mut *platform::postgres::reader(pool).await?, orders).await
}

/// Removes those of `orders` that hold no units, and returns the others. Removing an order twice has no further effect.
pub async fn remove_orders(pool: &PgPool, orders: &[OrderId]) -> Result<HashSet<OrderId>, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    store::lock_existing_reservations(&mut tx, orders).await?;
    let open = store::orders_with_reserved_units(&mut tx, orders).await?;
    let ended: Vec<_> = orders.iter().copied().filter(|order| !open.contains(order)).collect();
    store::compact_ledger(&mut tx, &ended).await?;
    store::delete_reservations(&mut tx, &ended).await?;
    tx.commit().await?;
    Ok(open)
}
