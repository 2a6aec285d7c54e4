//! `inventory.restocks`: which returns are in stock again. The row of a return is inserted before its stock rows are
//! locked, in the order of its key, as reservations are.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ReturnId, WarehouseId};
use sqlx::PgConnection;
use std::collections::HashSet;

/// A return that is about to be restocked, unless it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NewRestock {
    pub order_id: OrderId,
    pub return_id: ReturnId,
    pub warehouse_id: WarehouseId,
    pub cause: MessageId,
}

/// Inserts those of `restocks` that do not exist, and returns their returns. Waits for a concurrent transaction that
/// inserts the same one.
pub(crate) async fn insert_restocks(
    tx: &mut PgConnection,
    restocks: &[NewRestock],
    now: Timestamp,
) -> Result<HashSet<ReturnId>, StoreError> {
    if restocks.is_empty() {
        return Ok(HashSet::new());
    }
    let order_id: Vec<_> = restocks.iter().map(|restock| restock.order_id.as_uuid()).collect();
    let return_id: Vec<_> = restocks.iter().map(|restock| restock.return_id.as_uuid()).collect();
    let warehouse_id: Vec<_> = restocks.iter().map(|restock| restock.warehouse_id.as_uuid()).collect();
    let cause: Vec<_> = restocks.iter().map(|restock| restock.cause.as_uuid()).collect();
    let inserted = sqlx::query_scalar!(
        "INSERT INTO inventory.restocks (order_id, return_id, warehouse_id, cause, created_at)
         SELECT new.order_id, new.return_id, new.warehouse_id, new.cause, $5 AS created_at
           FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::uuid[]) AS return_id,
                        unnest($3::uuid[]) AS warehouse_id, unnest($4::uuid[]) AS cause) AS new
          ORDER BY new.order_id, new.return_id
         ON CONFLICT (order_id, return_id) DO NOTHING
         RETURNING return_id",
        &order_id,
        &return_id,
        &warehouse_id,
        &cause,
        now,
    )
    .fetch_all(tx)
    .await?;
    Ok(inserted.into_iter().map(ReturnId::from_uuid).collect())
}
