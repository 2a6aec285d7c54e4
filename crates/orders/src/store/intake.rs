//! SQL of intake: keys and new orders, a constant number of statements a batch.

use crate::intake::{IdempotencyKey, Placement};
use domain::Timestamp;
use domain::ids::{OrderId, UserId};
use domain::order::placing::Note;
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

/// Takes the keys that are free or were last used before `kept_since`, and returns the orders that got theirs.
///
/// A key that another transaction is about to take is waited for. All take theirs in one order, so that two batches
/// never wait for each other.
pub(crate) async fn claim_keys(
    tx: &mut PgConnection,
    placements: &[&Placement],
    kept_since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<HashSet<OrderId>> {
    let principals: Vec<_> = placements.iter().map(|placed| placed.new.customer_id.as_uuid()).collect();
    let routes: Vec<_> = placements.iter().map(|placed| placed.new.route).collect();
    let keys: Vec<_> = placements.iter().map(|placed| placed.new.key.as_str()).collect();
    let fingerprints: Vec<_> = placements.iter().map(|placed| placed.new.fingerprint.as_bytes()).collect();
    let orders: Vec<_> = placements.iter().map(|placed| placed.order.id.as_uuid()).collect();
    let claimed = sqlx::query_scalar!(
        "INSERT INTO orders.idempotency_keys AS kept (principal, route, key, fingerprint, order_id, created_at)
         SELECT new.principal, new.route, new.key, new.fingerprint, new.order_id, $6
           FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::uuid[])
                AS new (principal, route, key, fingerprint, order_id)
          ORDER BY new.principal, new.route, new.key
         ON CONFLICT (principal, route, key) DO UPDATE
            SET fingerprint = EXCLUDED.fingerprint, order_id = EXCLUDED.order_id, created_at = EXCLUDED.created_at
          WHERE kept.created_at < $7
         RETURNING order_id",
        &principals,
        &routes as &[&str],
        &keys as &[&str],
        &fingerprints as &[&[u8]],
        &orders,
        now,
        kept_since,
    )
    .fetch_all(tx)
    .await?;
    Ok(claimed.into_iter().map(OrderId::from_uuid).collect())
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
                   WHERE principal = asked.principal AND route = asked.route AND key = asked.key
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
          WHERE principal = $1 AND route = $2 AND key = $3 AND created_at >= $4",
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

/// Orders, their lines, and the first entry of their timelines, in one statement.
pub(crate) async fn insert_orders(
    tx: &mut PgConnection,
    placements: &[&Placement],
    now: Timestamp,
) -> sqlx::Result<()> {
    // All are born alike.
    let Some(Placement { order: born, accepted, .. }) = placements.first() else { return Ok(()) };
    let ids: Vec<_> = placements.iter().map(|placed| placed.order.id.as_uuid()).collect();
    let customers: Vec<_> = placements.iter().map(|placed| placed.new.customer_id.as_uuid()).collect();
    let currencies: Vec<_> = placements.iter().map(|placed| placed.order.total.currency.code()).collect();
    let totals: Vec<_> = placements.iter().map(|placed| placed.order.total.amount_minor).collect();
    let methods: Vec<_> = placements.iter().map(|placed| placed.order.payment_method.as_str()).collect();
    let notes: Vec<_> = placements.iter().map(|placed| placed.new.note.as_ref().map(Note::as_str)).collect();
    let items = Items::of(placements);
    sqlx::query!(
        "WITH new_orders AS (
             INSERT INTO orders.orders (id, customer_id, currency, total_minor, payment_method, note, status,
                                        payment_status, fulfilment_status, version, created_at, updated_at)
             SELECT new.*, $7, $8, $9, $10, $11, $11
               FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[]) AS new),
         new_events AS (
             INSERT INTO orders.events (order_id, version, kind, to_status, actor, at)
             SELECT new.order_id, $10, $12, $7, 'customer:' || new.customer_id, $11
               FROM UNNEST($1::uuid[], $2::uuid[]) AS new (order_id, customer_id))
         INSERT INTO orders.items (order_id, line_no, sku, name, vendor_id, quantity, unit_price_minor)
         SELECT * FROM UNNEST($13::uuid[], $14::smallint[], $15::text[], $16::text[], $17::uuid[], $18::int[],
                              $19::bigint[])",
        &ids,
        &customers,
        &currencies as &[&str],
        &totals,
        &methods as &[&str],
        &notes as &[Option<&str>],
        <&str>::from(born.status),
        <&str>::from(born.payment),
        <&str>::from(born.fulfilment),
        born.version,
        now,
        accepted.entry.kind(),
        &items.orders,
        &items.numbers,
        &items.skus as &[&str],
        &items.names as &[&str],
        &items.vendors,
        &items.quantities,
        &items.prices,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The lines of all orders of a batch, by column.
#[derive(Default)]
struct Items<'a> {
    orders: Vec<uuid::Uuid>,
    numbers: Vec<i16>,
    skus: Vec<&'a str>,
    names: Vec<&'a str>,
    vendors: Vec<uuid::Uuid>,
    quantities: Vec<i32>,
    prices: Vec<i64>,
}

impl<'a> Items<'a> {
    fn of(placements: &[&'a Placement]) -> Self {
        let mut items = Self::default();
        for placed in placements {
            for (number, line) in (1..).zip(&placed.new.lines) {
                items.orders.push(placed.order.id.as_uuid());
                items.numbers.push(number);
                items.skus.push(line.sku.as_str());
                items.names.push(&line.name);
                items.vendors.push(line.vendor_id.as_uuid());
                items.quantities.push(i32::try_from(line.quantity.get()).expect("a quantity is small"));
                items.prices.push(line.unit_price.amount_minor);
            }
        }
        items
    }
}
