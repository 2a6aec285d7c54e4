//! SQL that finds the orders that have the references of new ones.

use super::ORDERS;
use crate::error::StoreError;
use crate::placement::Placement;
use domain::ids::OrderId;
use domain::order::OrderNumber;
use platform::consistency::StoredRow;
use sqlx::PgConnection;
use std::collections::HashMap;

/// The index that makes references unique per customer.
pub(crate) const UNIQUE_INDEX: &str = "orders_by_external_ref";

/// The order that has a reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefHolder {
    pub order_id: OrderId,
    pub order_number: OrderNumber,
}

/// The orders of the same customers that have the references of this batch, by the index of the new order in the batch.
/// Asks the database only if one of the new orders has a reference.
pub(crate) async fn find_holders(
    tx: &mut PgConnection,
    placements: &[&Placement],
) -> Result<HashMap<usize, RefHolder>, StoreError> {
    let with_ref = || {
        let named = |(index, placement): (usize, &&Placement)| {
            placement.new_order.details.external_ref.clone().map(|name| (index, placement.new_order.customer_id, name))
        };
        placements.iter().enumerate().filter_map(named)
    };
    let place: Vec<_> = with_ref().map(|(index, ..)| i64::try_from(index).expect("batches are small")).collect();
    if place.is_empty() {
        return Ok(HashMap::new());
    }
    let customer_id: Vec<_> = with_ref().map(|(_, customer, _)| customer.as_uuid()).collect();
    let external_ref: Vec<_> = with_ref().map(|(.., name)| name.as_str().to_owned()).collect();
    // LATERAL with a LIMIT forces one index lookup per reference, whatever the planner's statistics of the table are.
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", holder.id, holder.order_number AS "order_number!"
             FROM (SELECT unnest($1::bigint[]) AS place, unnest($2::uuid[]) AS customer_id,
                          unnest($3::text[]) AS external_ref) AS asked
            CROSS JOIN LATERAL (
                  SELECT id, order_number FROM orders.orders
                   WHERE external_ref = asked.external_ref AND customer_id = asked.customer_id
                   LIMIT 1) AS holder"#,
        &place,
        &customer_id,
        &external_ref,
    )
    .fetch_all(tx)
    .await?;
    let holder = |id, sequence| -> Result<RefHolder, StoreError> {
        let stored = StoredRow::new(ORDERS, id);
        let order_number = stored.read_column("order_number", OrderNumber::from_sequence(sequence))?;
        Ok(RefHolder { order_id: OrderId::from_uuid(id), order_number })
    };
    let index = |place: i64| usize::try_from(place).expect("it is one of our indexes");
    rows.into_iter().map(|row| Ok((index(row.place), holder(row.id, row.order_number)?))).collect()
}
