//! Erases the personal data of a customer's orders: recipients, and all free texts. What was ordered, when, and for how
//! much stays.

use crate::error::StoreError;
use crate::store::{erasures as store, removals};
use domain::ids::{OrderId, UserId};
use domain::order::CancelReason;
use sqlx::{PgConnection, PgPool};

/// The result of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasedOrders {
    /// The oldest first.
    pub orders: Vec<OrderId>,
    /// Whether the customer has no further orders, ended or open.
    pub is_complete: bool,
}

impl ErasedOrders {
    /// Their names as subjects of audit records.
    pub fn subjects(&self) -> Vec<String> {
        self.orders.iter().map(|order| format!("order:{order}")).collect()
    }
}

/// How many orders of the customer have not ended.
pub async fn count_open_orders(connection: &mut PgConnection, customer: UserId) -> sqlx::Result<u64> {
    store::count_open(connection, customer).await
}

/// Erases the next orders of the customer, from after the order `after`, at most `limit`. It stops before an order that
/// has not ended: its goods could not be delivered. Repeating it changes nothing.
pub async fn erase_orders(
    pool: &PgPool,
    customer: UserId,
    after: Option<OrderId>,
    limit: u32,
) -> Result<ErasedOrders, StoreError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let next = store::lock_next(&mut tx, customer, after, limit).await?;
    let (found, is_last) = (next.len(), next.len() < limit as usize);
    let ended: Vec<_> = next.into_iter().take_while(|next| next.is_ended).map(|next| next.order).collect();
    let is_complete = is_last && ended.len() == found;
    removals::delete_keys(&mut tx, &ended).await?;
    let orders: Vec<_> = ended.into_iter().map(|order| order.id).collect();
    store::erase(&mut tx, &orders, CancelReason::NAMES).await?;
    tx.commit().await?;
    Ok(ErasedOrders { orders, is_complete })
}
