//! SQL of idempotency keys that were used before; [`super::placements`] takes new ones.

use crate::intake::{IdempotencyKey, Placement};
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// An earlier use of a key.
#[derive(Debug, Clone)]
pub(crate) struct KeptKey {
    pub fingerprint: Vec<u8>,
    pub order_id: OrderId,
}

/// Lets the transaction wait for a lock so long and no longer.
pub(crate) async fn wait_for_locks(tx: &mut PgConnection, limit_ms: u16) -> sqlx::Result<()> {
    sqlx::query!("SELECT set_config('lock_timeout', $1, true)", limit_ms.to_string()).fetch_one(tx).await?;
    Ok(())
}

/// The earlier uses of the keys of all but the `claimed`, by their place in the batch.
pub(crate) async fn find_keys(
    tx: &mut PgConnection,
    placements: &[&Placement],
    claimed: &HashSet<OrderId>,
) -> sqlx::Result<HashMap<usize, KeptKey>> {
    let taken = || placements.iter().enumerate().filter(|(_, placed)| !claimed.contains(&placed.order.id));
    let places: Vec<_> = taken().map(|(place, _)| i64::try_from(place).expect("batches are small")).collect();
    let principals: Vec<_> = taken().map(|(_, placed)| placed.new.customer_id.as_uuid()).collect();
    let routes: Vec<_> = taken().map(|(_, placed)| placed.new.route).collect();
    let keys: Vec<_> = taken().map(|(_, placed)| placed.new.key.as_str()).collect();
    // LATERAL with a LIMIT can only be planned as one index look-up a key, whatever the planner thinks of the table.
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", kept.fingerprint, kept.order_id
             FROM UNNEST($1::bigint[], $2::uuid[], $3::text[], $4::text[]) AS asked (place, principal, route, key)
            CROSS JOIN LATERAL (
                  SELECT fingerprint, order_id FROM orders.idempotency_keys
                   WHERE digest = orders.key_digest(asked.principal, asked.route, asked.key)
                   LIMIT 1) AS kept"#,
        &places,
        &principals,
        &routes as &[&str],
        &keys as &[&str],
    )
    .fetch_all(tx)
    .await?;
    let place = |place: i64| usize::try_from(place).expect("we sent it");
    let kept = |fingerprint, order_id| KeptKey { fingerprint, order_id: OrderId::from_uuid(order_id) };
    Ok(rows.into_iter().map(|row| (place(row.place), kept(row.fingerprint, row.order_id))).collect())
}

/// One earlier use, unless it was before `kept_since`.
pub(crate) async fn find_key(
    connection: &mut PgConnection,
    principal: UserId,
    route: &str,
    key: &IdempotencyKey,
    kept_since: Timestamp,
) -> sqlx::Result<Option<KeptKey>> {
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
    Ok(row.map(|row| KeptKey { fingerprint: row.fingerprint, order_id: OrderId::from_uuid(row.order_id) }))
}

/// One that is taken anew meanwhile is locked or too young by then: it stays.
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
