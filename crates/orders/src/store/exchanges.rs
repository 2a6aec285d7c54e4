//! SQL of the orders that replace the units of a return.

use crate::placement::Placement;
use sqlx::PgConnection;

/// Inserts what these new orders replace, in one statement, or in none if they replace nothing.
pub(crate) async fn insert(tx: &mut PgConnection, stored: &[&Placement]) -> sqlx::Result<()> {
    let exchange = |placement: &&Placement| {
        Some((placement.order.id.as_uuid(), placement.new_order.details.exchange_of?.as_uuid()))
    };
    let (order_id, return_id): (Vec<_>, Vec<_>) = stored.iter().filter_map(exchange).unzip();
    if order_id.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO orders.exchanges (order_id, return_id)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::uuid[]) AS return_id",
        &order_id,
        &return_id,
    )
    .execute(tx)
    .await?;
    Ok(())
}
