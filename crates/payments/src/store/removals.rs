//! SQL that removes the payments of orders.

use domain::ids::{OrderId, ProviderKey};
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// Locks the payments that exist, sorted by order.
pub(crate) async fn lock_existing_payments(tx: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT order_id FROM payments.payments WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE",
        &uuids(orders),
    )
    .fetch_all(tx)
    .await?;
    Ok(())
}

/// Asked for orders that have ended: then nothing more is captured of a payment that is partly captured. The rest of its
/// authorization expires at the gateway, since a void would refund what was captured. What is only authorized holds
/// money until it is voided, but for the payment of a free order.
///
/// A void covers the operations of its payment whose outcome was never known, so those of a voided payment are not open. A
/// reauthorization moves no money, so one whose outcome is never known keeps nothing.
pub(crate) async fn orders_with_open_payment(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> sqlx::Result<HashSet<OrderId>> {
    let open = sqlx::query_scalar!(
        "SELECT payment.order_id FROM payments.payments AS payment
          WHERE payment.order_id = ANY($1)
            AND (NOT (payment.status IN ('partly_captured', 'captured', 'refunded', 'declined', 'voided')
                      OR (payment.status = 'authorized' AND payment.amount_minor = 0))
                 OR (payment.status IN ('partly_captured', 'captured', 'refunded', 'authorized')
                     AND EXISTS (SELECT FROM payments.operations AS operation
                                  WHERE operation.order_id = payment.order_id AND operation.kind <> 'reauthorize'
                                    AND operation.status IN ('started', 'unknown'))))",
        &uuids(orders),
    )
    .fetch_all(connection)
    .await?;
    Ok(open.into_iter().map(OrderId::from_uuid).collect())
}

/// With their operations, refunds and ledger entries. Returns the keys of the operations.
pub(crate) async fn delete_payments(tx: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<Vec<ProviderKey>> {
    let order_id = uuids(orders);
    sqlx::query!("DELETE FROM payments.refund_lines WHERE order_id = ANY($1)", &order_id).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM payments.refunds WHERE order_id = ANY($1)", &order_id).execute(&mut *tx).await?;
    let keys = sqlx::query_scalar!(
        "DELETE FROM payments.operations WHERE order_id = ANY($1) RETURNING provider_key",
        &order_id
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!("SELECT set_config('payments.removing', 'on', true)").fetch_one(&mut *tx).await?;
    sqlx::query!("DELETE FROM payments.ledger_entries WHERE provider_key = ANY($1)", &keys).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM payments.payments WHERE order_id = ANY($1)", &order_id).execute(tx).await?;
    Ok(keys.into_iter().map(ProviderKey::from_uuid).collect())
}

fn uuids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(OrderId::as_uuid).collect()
}
