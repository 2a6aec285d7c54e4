//! SQL that erases the personal data of orders.

use super::removals::EndedOrder;
use domain::ids::{OrderId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// An order of the customer, locked.
pub(crate) struct NextOrder {
    pub order: EndedOrder,
    pub is_ended: bool,
}

/// Reads the orders of one customer by their index.
pub(crate) async fn count_open(connection: &mut PgConnection, customer: UserId) -> sqlx::Result<u64> {
    let open = sqlx::query_scalar!(
        r#"SELECT count(*) AS "open!" FROM orders.orders
            WHERE customer_id = $1 AND status IN ('pending', 'confirmed', 'shipped', 'cancelling')"#,
        customer.as_uuid(),
    );
    Ok(u64::try_from(open.fetch_one(connection).await?).unwrap_or_default())
}

pub(crate) async fn lock_next(
    tx: &mut PgConnection,
    customer: UserId,
    after: Option<OrderId>,
    limit: u32,
) -> sqlx::Result<Vec<NextOrder>> {
    let rows = sqlx::query!(
        r#"SELECT id, created_at, status IN ('delivered', 'rejected', 'cancelled') AS "is_ended!" FROM orders.orders
            WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE"#,
        customer.as_uuid(),
        after.map_or(Uuid::nil(), |after| after.as_uuid()),
        i64::from(limit),
    );
    let next = rows.fetch_all(tx).await?.into_iter().map(|row| {
        let order = EndedOrder { id: OrderId::from_uuid(row.id), created_at: row.created_at };
        NextOrder { order, is_ended: row.is_ended }
    });
    Ok(next.collect())
}

/// Deletes recipients and metadata, and replaces the free texts of orders and their timelines. Versions before this one
/// stored a free text as the reason of a cancellation; `reasons` are those that are none.
pub(crate) async fn erase(tx: &mut PgConnection, orders: &[OrderId], reasons: &[&str]) -> sqlx::Result<()> {
    let ids: Vec<_> = orders.iter().map(OrderId::as_uuid).collect();
    sqlx::query!("DELETE FROM orders.recipients WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM orders.metadata WHERE order_id = ANY($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!(
        "UPDATE orders.orders
            SET note = NULL, external_ref = NULL,
                reason = CASE WHEN status = 'cancelled' AND reason <> ALL ($2) THEN 'other' ELSE reason END
          WHERE id = ANY($1)",
        &ids,
        reasons as &[&str],
    )
    .execute(&mut *tx)
    .await?;
    super::returns::erase(tx, &ids).await?;
    erase_timelines(tx, &ids, reasons).await
}

/// The entries stay: only their texts go.
async fn erase_timelines(tx: &mut PgConnection, ids: &[Uuid], reasons: &[&str]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"UPDATE orders.events
              SET detail = detail - 'note'
                        || CASE WHEN detail ->> 'reason' = ANY ($2) THEN '{}'::jsonb ELSE '{"reason": "other"}' END
            WHERE order_id = ANY($1) AND kind = 'cancelling' AND detail IS NOT NULL"#,
        ids,
        reasons as &[&str],
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"UPDATE orders.events
              SET detail = detail
                        || CASE WHEN detail ? 'reason' THEN '{"reason": "erased"}'::jsonb ELSE '{}' END
                        || CASE WHEN detail ? 'evidence' THEN '{"evidence": "erased"}'::jsonb ELSE '{}' END
            WHERE order_id = ANY($1) AND kind IN ('step_retried', 'step_marked_done', 'saga_abandoned')"#,
        ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}
