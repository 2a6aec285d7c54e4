//! Do the books agree? Counters, ledger and reservations tell the same three numbers three ways.

use super::parsed;
use crate::StoreError;
use crate::find_drift::Drift;
use domain::ids::WarehouseId;
use sqlx::PgConnection;

/// At most `rows_max` stock rows whose counters aren't the sums of their ledger entries, or whose `reserved` isn't the
/// sum of the active lines. One statement is one snapshot, so it may run on a live system. Dear: reads everything.
pub(crate) async fn find_drift(connection: &mut PgConnection, rows_max: i64) -> Result<Vec<Drift>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH ledger AS (
               SELECT sku, warehouse_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
                 FROM inventory.ledger GROUP BY sku, warehouse_id
           ), held AS (
               SELECT sku, warehouse_id, sum(quantity) AS held
                 FROM inventory.reservation_lines WHERE state = 'active' GROUP BY sku, warehouse_id
           ), books AS (
               SELECT sku, warehouse_id,
                      COALESCE(stock.on_hand, 0)::bigint AS on_hand, COALESCE(stock.reserved, 0)::bigint AS reserved,
                      COALESCE(ledger.on_hand, 0)::bigint AS ledger_on_hand,
                      COALESCE(ledger.reserved, 0)::bigint AS ledger_reserved, COALESCE(held.held, 0)::bigint AS held
                 FROM inventory.stock FULL JOIN ledger USING (sku, warehouse_id) FULL JOIN held USING (sku, warehouse_id)
           )
           SELECT sku AS "sku!", warehouse_id AS "warehouse_id!", on_hand AS "on_hand!", reserved AS "reserved!",
                  ledger_on_hand AS "ledger_on_hand!", ledger_reserved AS "ledger_reserved!", held AS "held!"
             FROM books
            WHERE on_hand <> ledger_on_hand OR reserved <> ledger_reserved OR reserved <> held
            ORDER BY sku, warehouse_id LIMIT $1"#,
        rows_max,
    )
    .fetch_all(connection)
    .await?;
    let mut drifts = Vec::with_capacity(rows.len());
    for row in rows {
        drifts.push(Drift {
            sku: parsed(&row.sku, "stock", "sku", &row.sku)?,
            warehouse_id: WarehouseId::from_uuid(row.warehouse_id),
            on_hand: row.on_hand,
            reserved: row.reserved,
            ledger_on_hand: row.ledger_on_hand,
            ledger_reserved: row.ledger_reserved,
            held: row.held,
        });
    }
    Ok(drifts)
}
