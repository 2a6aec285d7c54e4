//! Table `orders.reships`: the orders that send the units of an undeliverable shipment again.

use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId};
use sqlx::PgConnection;

/// A shipment is sent again once: a second order for it violates the unique constraint.
pub(crate) async fn insert(
    tx: &mut PgConnection,
    order: OrderId,
    of_order: OrderId,
    of_shipment: ShipmentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (order_id, of_order_id, of_shipment_id) = (order.as_uuid(), of_order.as_uuid(), of_shipment.as_uuid());
    sqlx::query!(
        "INSERT INTO orders.reships (order_id, of_order_id, of_shipment_id, created_at)
         SELECT $1 AS order_id, $2 AS of_order_id, $3 AS of_shipment_id, $4 AS created_at",
        order_id,
        of_order_id,
        of_shipment_id,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The order that sends the units of the shipment again.
pub(crate) async fn find(connection: &mut PgConnection, of_shipment: ShipmentId) -> sqlx::Result<Option<OrderId>> {
    let order =
        sqlx::query_scalar!("SELECT order_id FROM orders.reships WHERE of_shipment_id = $1", of_shipment.as_uuid(),)
            .fetch_optional(connection)
            .await?;
    Ok(order.map(OrderId::from_uuid))
}

/// The order whose shipment this order sends again.
pub(crate) async fn original_of(connection: &mut PgConnection, order: OrderId) -> sqlx::Result<Option<OrderId>> {
    let original = sqlx::query_scalar!("SELECT of_order_id FROM orders.reships WHERE order_id = $1", order.as_uuid())
        .fetch_optional(connection)
        .await?;
    Ok(original.map(OrderId::from_uuid))
}
