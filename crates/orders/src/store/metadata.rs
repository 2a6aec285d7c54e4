//! SQL of the metadata of orders: one row per entry.

use crate::placement::Placement;
use sqlx::PgConnection;

/// Inserts the metadata of these new orders, in one statement, or in none if they have no metadata.
pub(crate) async fn insert(tx: &mut PgConnection, stored: &[&Placement]) -> sqlx::Result<()> {
    let entries = || {
        let of_order = |placement: &&Placement| {
            let (order, customer) = (placement.order.id.as_uuid(), placement.new_order.customer_id.as_uuid());
            let metadata = placement.new_order.details.metadata.clone();
            metadata.into_iter().map(move |(key, value)| (order, customer, key, value))
        };
        stored.iter().flat_map(of_order)
    };
    let order_id: Vec<_> = entries().map(|(order, ..)| order).collect();
    if order_id.is_empty() {
        return Ok(());
    }
    let customer_id: Vec<_> = entries().map(|(_, customer, ..)| customer).collect();
    let key: Vec<_> = entries().map(|(_, _, key, _)| key.as_str().to_owned()).collect();
    let value: Vec<_> = entries().map(|(.., value)| value.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO orders.metadata (order_id, customer_id, key, value)
         SELECT unnest($1::uuid[]) AS order_id, unnest($2::uuid[]) AS customer_id, unnest($3::text[]) AS key,
                unnest($4::text[]) AS value",
        &order_id,
        &customer_id,
        &key,
        &value,
    )
    .execute(tx)
    .await?;
    Ok(())
}
