//! SQL of idempotency keys that were used before; [`super::insert_orders`] stores new ones.

use super::ORDERS;
use crate::error::StoreError;
use crate::idempotency_key::IdempotencyKey;
use crate::new_order::Accepted;
use crate::placement::Placement;
use domain::Timestamp;
use domain::ids::{OrderId, PrincipalId};
use domain::order::OrderNumber;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// An earlier use of a key.
#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    pub fingerprint: Vec<u8>,
    pub order_id: OrderId,
    pub order_number: OrderNumber,
}

impl StoredKey {
    /// The response to a repeated request.
    pub fn replayed(&self) -> Accepted {
        Accepted { order_id: self.order_id, order_number: self.order_number, replayed: true }
    }
}

/// Sets the lock timeout for the rest of the transaction.
pub(crate) async fn set_lock_timeout(tx: &mut PgConnection, limit_ms: u16) -> sqlx::Result<()> {
    sqlx::query!("SELECT set_config('lock_timeout', $1, true)", limit_ms.to_string()).fetch_one(tx).await?;
    Ok(())
}

/// The earlier uses of the keys that this batch did not store, by their index in the batch. `stored` are the orders
/// whose keys it did store. Keys that were first used before `kept_since` are unused.
pub(crate) async fn find_keys(
    tx: &mut PgConnection,
    placements: &[&Placement],
    stored: &HashMap<OrderId, OrderNumber>,
    kept_since: Timestamp,
) -> Result<HashMap<usize, StoredKey>, StoreError> {
    let used = || placements.iter().enumerate().filter(|(_, placement)| !stored.contains_key(&placement.order.id));
    let place: Vec<_> = used().map(|(index, _)| i64::try_from(index).expect("batches are small")).collect();
    let principal: Vec<_> = used().map(|(_, placement)| placement.new_order.principal.as_uuid()).collect();
    let route: Vec<_> = used().map(|(_, placement)| placement.new_order.route).collect();
    let key: Vec<_> = used().map(|(_, placement)| placement.new_order.key.as_str()).collect();
    // LATERAL with a LIMIT forces one index lookup per key, whatever the planner's statistics of the table are.
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", kept.fingerprint, kept.order_id, kept.order_number AS "order_number!"
             FROM (SELECT unnest($1::bigint[]) AS place, unnest($2::uuid[]) AS principal, unnest($3::text[]) AS route,
                          unnest($4::text[]) AS key) AS asked
            CROSS JOIN LATERAL (
                  SELECT used.fingerprint, used.order_id, o.order_number
                    FROM orders.idempotency_keys used JOIN orders.orders o ON o.id = used.order_id
                   WHERE used.digest = orders.key_digest(asked.principal, asked.route, asked.key)
                     AND used.created_at >= $5
                   LIMIT 1) AS kept"#,
        &place,
        &principal,
        &route as &[&str],
        &key as &[&str],
        kept_since,
    )
    .fetch_all(tx)
    .await?;
    let index = |place: i64| usize::try_from(place).expect("it is one of our indexes");
    rows.into_iter()
        .map(|row| Ok((index(row.place), stored_key(row.fingerprint, row.order_id, row.order_number)?)))
        .collect()
}

fn stored_key(fingerprint: Vec<u8>, order_id: Uuid, order_number: i64) -> Result<StoredKey, StoreError> {
    let order_number =
        StoredRow::new(ORDERS, order_id).read_column("order_number", OrderNumber::from_sequence(order_number))?;
    Ok(StoredKey { fingerprint, order_id: OrderId::from_uuid(order_id), order_number })
}

/// The earlier use of a key, unless it was before `kept_since`.
pub(crate) async fn find_key(
    connection: &mut PgConnection,
    principal: PrincipalId,
    route: &str,
    key: &IdempotencyKey,
    kept_since: Timestamp,
) -> Result<Option<StoredKey>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT used.fingerprint, used.order_id, o.order_number AS "order_number!"
             FROM orders.idempotency_keys used JOIN orders.orders o ON o.id = used.order_id
            WHERE used.digest = orders.key_digest($1, $2, $3) AND used.created_at >= $4"#,
        principal.as_uuid(),
        route,
        key.as_str(),
        kept_since,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| stored_key(row.fingerprint, row.order_id, row.order_number)).transpose()
}

/// Deletes at most `limit` keys. A key that is being reused concurrently is locked, or its new row is not old enough,
/// so it is not deleted.
pub(crate) async fn delete_keys(connection: &mut PgConnection, older_than: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM orders.idempotency_keys
          WHERE ctid = ANY (ARRAY (SELECT ctid FROM orders.idempotency_keys
                                    WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
        older_than,
        i64::from(limit),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
