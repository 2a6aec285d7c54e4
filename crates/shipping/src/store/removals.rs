//! SQL that removes the bookings and shipments of orders.

use domain::ids::OrderId;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// Locks the bookings that exist, sorted by order.
pub(crate) async fn lock_existing_bookings(tx: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT order_id FROM shipping.bookings WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE",
        &uuids(orders),
    )
    .fetch_all(tx)
    .await?;
    Ok(())
}

/// A requested shipment of a booking that was refused or cancelled never existed for the carrier.
pub(crate) async fn orders_in_progress(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> sqlx::Result<HashSet<OrderId>> {
    let open = sqlx::query_scalar!(
        "SELECT booking.order_id FROM shipping.bookings AS booking
          WHERE booking.order_id = ANY($1)
            AND (booking.status IN ('requested', 'cancelling')
                 OR EXISTS (SELECT FROM shipping.shipments AS shipment
                             WHERE shipment.order_id = booking.order_id
                               AND shipment.status IN ('booked', 'handed_over', 'in_transit')))",
        &uuids(orders),
    )
    .fetch_all(connection)
    .await?;
    Ok(open.into_iter().map(OrderId::from_uuid).collect())
}

pub(crate) async fn delete_bookings(tx: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<()> {
    let order_id = uuids(orders);
    let shipment_id =
        sqlx::query_scalar!("DELETE FROM shipping.shipments WHERE order_id = ANY($1) RETURNING id", &order_id)
            .fetch_all(&mut *tx)
            .await?;
    sqlx::query!("DELETE FROM shipping.shipment_events WHERE shipment_id = ANY($1)", &shipment_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM shipping.delays WHERE shipment_id = ANY($1)", &shipment_id).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM shipping.bookings WHERE order_id = ANY($1)", &order_id).execute(tx).await?;
    Ok(())
}

fn uuids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(OrderId::as_uuid).collect()
}
