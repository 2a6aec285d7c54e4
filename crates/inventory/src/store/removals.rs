//! SQL that removes orders. The counters of a stock row are the sums of its ledger entries, so the entries of removed
//! orders are replaced by their sum: one entry of kind `compacted` per SKU and warehouse.

use crate::StoreError;
use domain::ids::OrderId;
use domain::inventory::MovementKind;
use sqlx::PgConnection;
use std::collections::HashSet;

/// The origin of compacted entries.
const ACTOR: &str = "system:retention";
const REASON: &str = "the sum of the movements of removed orders";

/// Locks the reservations that exist, in the order in which commands lock them.
pub(crate) async fn lock_existing_reservations(tx: &mut PgConnection, orders: &[OrderId]) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT order_id FROM inventory.reservations WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE",
        &uuids(orders),
    )
    .fetch_all(tx)
    .await?;
    Ok(())
}

/// Those of `orders` with units that are reserved, or that they wait for.
pub(crate) async fn orders_with_reserved_units(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> Result<HashSet<OrderId>, StoreError> {
    let open = sqlx::query_scalar!(
        r#"SELECT order_id AS "order_id!" FROM inventory.reservation_lines WHERE order_id = ANY($1) AND state = 'active'
            UNION SELECT order_id FROM inventory.backorders WHERE order_id = ANY($1)"#,
        &uuids(orders),
    )
    .fetch_all(connection)
    .await?;
    Ok(open.into_iter().map(OrderId::from_uuid).collect())
}

/// Replaces the entries of `orders`, and the compacted entries of their SKUs and warehouses, by new compacted entries
/// with the same sums. Two transactions at once leave two compacted entries of one stock row, which the next one merges.
/// Entries of a billion units stay as they are, because sums are 32-bit integers.
pub(crate) async fn compact_ledger(tx: &mut PgConnection, orders: &[OrderId]) -> Result<(), StoreError> {
    let (kind, actor, reason): (&str, _, _) = (MovementKind::Compacted.into(), ACTOR, REASON);
    sqlx::query!("SELECT set_config('inventory.compacting', 'on', true)").fetch_one(&mut *tx).await?;
    // LATERAL with OFFSET 0 forces one index scan per stock row, whatever the planner knows of the table.
    sqlx::query!(
        "WITH removed AS (
             DELETE FROM inventory.ledger WHERE order_id = ANY($1)
             RETURNING sku, warehouse_id, on_hand_delta, reserved_delta, at
         ), earlier AS MATERIALIZED (
             SELECT entry.id
               FROM (SELECT DISTINCT sku, warehouse_id FROM removed) AS place
              CROSS JOIN LATERAL (SELECT id FROM inventory.ledger
                                   WHERE sku = place.sku AND warehouse_id = place.warehouse_id AND kind = $2
                                     AND abs(on_hand_delta) < 1000000000 AND abs(reserved_delta) < 1000000000
                                  OFFSET 0) AS entry
         ), merged AS (
             DELETE FROM inventory.ledger WHERE id = ANY (ARRAY(SELECT id FROM earlier ORDER BY id))
             RETURNING sku, warehouse_id, on_hand_delta, reserved_delta, at
         ), summed AS (
             SELECT sku, warehouse_id, sum(on_hand_delta)::integer AS on_hand_delta,
                    sum(reserved_delta)::integer AS reserved_delta, max(at) AS at
               FROM (SELECT * FROM removed UNION ALL SELECT * FROM merged) AS entry
              GROUP BY sku, warehouse_id
         )
         INSERT INTO inventory.ledger (at, kind, sku, warehouse_id, on_hand_delta, reserved_delta, actor, reason)
         SELECT at, $2 AS kind, sku, warehouse_id, on_hand_delta, reserved_delta, $3 AS actor, $4 AS reason
           FROM summed WHERE on_hand_delta <> 0 OR reserved_delta <> 0
          ORDER BY sku, warehouse_id",
        &uuids(orders),
        kind,
        actor,
        reason,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn delete_reservations(tx: &mut PgConnection, orders: &[OrderId]) -> Result<(), StoreError> {
    let order_id = uuids(orders);
    sqlx::query!("DELETE FROM inventory.reservation_lines WHERE order_id = ANY($1)", &order_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM inventory.allocation_decisions WHERE order_id = ANY($1)", &order_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM inventory.backorders WHERE order_id = ANY($1)", &order_id).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM inventory.restocks WHERE order_id = ANY($1)", &order_id).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM inventory.reservations WHERE order_id = ANY($1)", &order_id).execute(tx).await?;
    Ok(())
}

fn uuids(orders: &[OrderId]) -> Vec<uuid::Uuid> {
    orders.iter().map(OrderId::as_uuid).collect()
}
