//! SQL that removes ended orders, and `orders.removals`.

use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::PgConnection;
use uuid::Uuid;

/// An ended order that this transaction has locked.
pub(crate) struct EndedOrder {
    pub id: OrderId,
    pub created_at: Timestamp,
}

/// Reads the primary key from `after` on, so that a run costs what it removes.
pub(crate) async fn ended_orders(
    connection: &mut PgConnection,
    before: Timestamp,
    after: Option<OrderId>,
    limit: u32,
) -> sqlx::Result<Vec<OrderId>> {
    let ids = sqlx::query_scalar!(
        "SELECT o.id FROM orders.orders AS o JOIN orders.sagas AS saga ON saga.order_id = o.id
          WHERE o.id > $1 AND o.id < $2
            AND o.status IN ('delivered', 'rejected', 'cancelled') AND o.attention IS NULL AND o.updated_at < $3
            AND saga.phase = 'ended' AND NOT saga.active
            AND NOT EXISTS (SELECT FROM orders.returns r
                             WHERE r.order_id = o.id AND (r.active OR r.attention IS NOT NULL OR r.updated_at >= $3))
          ORDER BY o.id LIMIT $4",
        after.map_or(Uuid::nil(), |after| after.as_uuid()),
        OrderId::lower_bound(before).as_uuid(),
        before,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(OrderId::from_uuid).collect())
}

pub(crate) async fn lock_ended(
    tx: &mut PgConnection,
    orders: &[OrderId],
    before: Timestamp,
) -> sqlx::Result<Vec<EndedOrder>> {
    let rows = sqlx::query!(
        "SELECT o.id, o.created_at FROM orders.orders AS o JOIN orders.sagas AS saga ON saga.order_id = o.id
          WHERE o.id = ANY($1) AND saga.order_id = ANY($1)
            AND o.status IN ('delivered', 'rejected', 'cancelled') AND o.attention IS NULL AND o.updated_at < $2
            AND saga.phase = 'ended' AND NOT saga.active
            AND NOT EXISTS (SELECT FROM orders.returns r
                             WHERE r.order_id = o.id AND (r.active OR r.attention IS NOT NULL OR r.updated_at >= $2))
          ORDER BY o.id FOR UPDATE SKIP LOCKED",
        &uuids(orders),
        before,
    )
    .fetch_all(tx)
    .await?;
    let order = |id, created_at| EndedOrder { id: OrderId::from_uuid(id), created_at };
    Ok(rows.into_iter().map(|row| order(row.id, row.created_at)).collect())
}

/// Deletes the idempotency keys of orders. A key has the time of its order, and an index by time only. LATERAL with
/// OFFSET 0 forces one index scan per order: the orders of one customer can be years apart.
pub(crate) async fn delete_keys(tx: &mut PgConnection, orders: &[EndedOrder]) -> sqlx::Result<()> {
    let order_id: Vec<_> = orders.iter().map(|order| order.id.as_uuid()).collect();
    let created_at: Vec<_> = orders.iter().map(|order| order.created_at).collect();
    sqlx::query!(
        "DELETE FROM orders.idempotency_keys
          WHERE order_id = ANY($1)
            AND ctid = ANY (ARRAY (
                SELECT used.ctid
                  FROM (SELECT unnest($1::uuid[]) AS order_id, unnest($2::timestamptz[]) AS created_at) AS wanted
                 CROSS JOIN LATERAL (SELECT k.ctid FROM orders.idempotency_keys k
                                      WHERE k.created_at = wanted.created_at AND k.order_id = wanted.order_id
                                     OFFSET 0) AS used))",
        &order_id,
        &created_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes all other rows of orders in this schema.
pub(crate) async fn delete_orders(tx: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<()> {
    let ids = uuids(orders);
    sqlx::query!("DELETE FROM orders.items WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.recipients WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.reships WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.metadata WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.events WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.exchanges WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    super::returns::delete(tx, &ids).await?;
    sqlx::query!("DELETE FROM orders.sagas WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.orders WHERE id = ANY($1)", &ids).execute(tx).await?;
    Ok(())
}

pub(crate) async fn insert(tx: &mut PgConnection, orders: &[OrderId], removed_at: Timestamp) -> sqlx::Result<()> {
    let order_id = uuids(orders);
    sqlx::query!(
        "INSERT INTO orders.removals (order_id, removed_at)
         SELECT unnest($1::uuid[]) AS order_id, $2 AS removed_at",
        &order_id,
        removed_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn list(connection: &mut PgConnection, limit: u32) -> sqlx::Result<Vec<OrderId>> {
    let ids = sqlx::query_scalar!("SELECT order_id FROM orders.removals ORDER BY order_id LIMIT $1", i64::from(limit))
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(OrderId::from_uuid).collect())
}

pub(crate) async fn delete(connection: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM orders.removals WHERE order_id = ANY($1)", &uuids(orders)).execute(connection).await?;
    Ok(())
}

fn uuids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(OrderId::as_uuid).collect()
}
