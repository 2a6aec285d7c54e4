//! SQL of idempotency keys that were used before; [`super::insert_orders`] stores new ones.

use crate::idempotency_key::IdempotencyKey;
use crate::placement::Placement;
use domain::Timestamp;
use domain::ids::{OrderId, PrincipalId};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// An earlier use of a key.
#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    pub fingerprint: Vec<u8>,
    pub order_id: OrderId,
}

/// Sets the lock timeout for the rest of the transaction.
pub(crate) async fn set_lock_timeout(tx: &mut PgConnection, limit_ms: u16) -> sqlx::Result<()> {
    sqlx::query!("SELECT set_config('lock_timeout', $1, true)", limit_ms.to_string()).fetch_one(tx).await?;
    Ok(())
}

/// The earlier uses of the keys that this batch did not store, by their index in the batch. `stored` are the orders
/// whose keys it did store.
pub(crate) async fn find_keys(
    tx: &mut PgConnection,
    placements: &[&Placement],
    stored: &HashSet<OrderId>,
) -> sqlx::Result<HashMap<usize, StoredKey>> {
    let used = || placements.iter().enumerate().filter(|(_, placement)| !stored.contains(&placement.order.id));
    let place: Vec<_> = used().map(|(index, _)| i64::try_from(index).expect("batches are small")).collect();
    let principal: Vec<_> = used().map(|(_, placement)| placement.new_order.principal.as_uuid()).collect();
    let route: Vec<_> = used().map(|(_, placement)| placement.new_order.route).collect();
    let key: Vec<_> = used().map(|(_, placement)| placement.new_order.key.as_str()).collect();
    // LATERAL with a LIMIT forces one index lookup per key, whatever the planner's statistics of the table are.
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", kept.fingerprint, kept.order_id
             FROM (SELECT unnest($1::bigint[]) AS place, unnest($2::uuid[]) AS principal, unnest($3::text[]) AS route,
                          unnest($4::text[]) AS key) AS asked
            CROSS JOIN LATERAL (
                  SELECT fingerprint, order_id FROM orders.idempotency_keys
                   WHERE digest = orders.key_digest(asked.principal, asked.route, asked.key)
                   LIMIT 1) AS kept"#,
        &place,
        &principal,
        &route as &[&str],
        &key as &[&str],
    )
    .fetch_all(tx)
    .await?;
    let index = |place: i64| usize::try_from(place).expect("it is one of our indexes");
    let stored = |fingerprint, order_id| StoredKey { fingerprint, order_id: OrderId::from_uuid(order_id) };
    Ok(rows.into_iter().map(|row| (index(row.place), stored(row.fingerprint, row.order_id))).collect())
}

/// The earlier use of a key, unless it was before `kept_since`.
pub(crate) async fn find_key(
    connection: &mut PgConnection,
    principal: PrincipalId,
    route: &str,
    key: &IdempotencyKey,
    kept_since: Timestamp,
) -> sqlx::Result<Option<StoredKey>> {
    let row = sqlx::query!(
        "SELECT fingerprint, order_id FROM orders.idempotency_keys
          WHERE digest = orders.key_digest($1, $2, $3) AND created_at >= $4",
        principal.as_uuid(),
        route,
        key.as_str(),
        kept_since,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| StoredKey { fingerprint: row.fingerprint, order_id: OrderId::from_uuid(row.order_id) }))
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
