//! Erases what reports of carriers and vendors say in their own words about the shipments of orders.

use crate::error::ShippingError;
use crate::store;
use domain::ids::{OrderId, ShipmentId};
use sqlx::PgPool;

/// Returns the names that the shipments of `orders` have as subjects of audit records. Repeating it changes nothing.
pub async fn erase_notes(pool: &PgPool, orders: &[OrderId]) -> Result<Vec<String>, ShippingError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let shipments = store::erase_notes(&mut tx, orders).await?;
    tx.commit().await?;
    let names = |(id, number): (ShipmentId, Option<String>)| [Some(id.to_string()), number];
    Ok(shipments.into_iter().flat_map(names).flatten().map(|name| format!("shipment:{name}")).collect())
}
