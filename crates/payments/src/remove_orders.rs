//! Removes ended orders from this schema: payments, their operations, and what gateways keep of them here.

use crate::error::PaymentsError;
use crate::{gateway, store};
use domain::ids::OrderId;
use domain::payment::Operation;
use sqlx::PgPool;
use std::collections::HashSet;

/// Those of `orders` whose payment holds money or has an operation of unknown outcome.
pub async fn open_orders(pool: &PgPool, orders: &[OrderId]) -> Result<HashSet<OrderId>, PaymentsError> {
    Ok(store::orders_with_open_payment(&mut *platform::postgres::reader(pool).await?, orders).await?)
}

/// Removes those of `orders` whose payment has ended, and returns the others. Removing an order twice has no further
/// effect.
pub async fn remove_orders(pool: &PgPool, orders: &[OrderId]) -> Result<HashSet<OrderId>, PaymentsError> {
    let mut tx = platform::postgres::begin(pool).await?;
    store::lock_existing_payments(&mut tx, orders).await?;
    let open = store::orders_with_open_payment(&mut tx, orders).await?;
    let ended: Vec<_> = orders.iter().copied().filter(|order| !open.contains(order)).collect();
    let mut keys = store::delete_payments(&mut tx, &ended).await?;
    // A void that came before its authorization left a tombstone under the authorization's key.
    keys.extend(ended.iter().map(|order| Operation::Authorize.key(*order)));
    gateway::delete_operations(&mut tx, &keys).await?;
    tx.commit().await?;
    Ok(open)
}
