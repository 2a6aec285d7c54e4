//! `inventory.ledger`: lists the movements of a SKU.

use crate::StoreError;
use crate::movements::{MovementFilter, StockMovement};
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, TransferId, WarehouseId};
use domain::inventory::{MovementKind, Origin};
use domain::product::Sku;
use platform::consistency::{Inconsistency, StoredRow};
use sqlx::PgConnection;
use strum::VariantNames as _;

struct MovementRow {
    id: i64,
    at: Timestamp,
    kind: String,
    warehouse_id: uuid::Uuid,
    warehouse_code: String,
    on_hand_delta: i32,
    reserved_delta: i32,
    order_id: Option<uuid::Uuid>,
    shipment_id: Option<uuid::Uuid>,
    cause: Option<uuid::Uuid>,
    actor: Option<String>,
    reason: Option<String>,
    transfer_id: Option<uuid::Uuid>,
}

/// At most `rows_max` movements, the newest first. Each warehouse and kind is one range of the index `ledger_by_sku`,
/// of which at most `rows_max` entries are read.
pub(crate) async fn list_movements(
    connection: &mut PgConnection,
    sku: &Sku,
    filter: &MovementFilter,
    rows_max: u32,
) -> Result<Vec<StockMovement>, StoreError> {
    let kind = filter.kind.map_or_else(|| MovementKind::VARIANTS.to_vec(), |kind| vec![kind.into()]);
    let end = filter.end();
    let rows = sqlx::query_as!(
        MovementRow,
        "SELECT movement.id, movement.at, movement.kind, place.warehouse_id, place.warehouse_code,
                movement.on_hand_delta, movement.reserved_delta, movement.order_id, movement.shipment_id,
                movement.cause, movement.actor, movement.reason, movement.transfer_id
           FROM (SELECT stock.warehouse_id, warehouse.code AS warehouse_code
                   FROM inventory.stock
                   JOIN inventory.warehouses AS warehouse ON warehouse.id = stock.warehouse_id
                  WHERE stock.sku = $1 AND ($2::uuid IS NULL OR stock.warehouse_id = $2)) AS place
          CROSS JOIN (SELECT unnest($3::text[]) AS kind) AS wanted
          CROSS JOIN LATERAL (SELECT * FROM inventory.ledger AS entry
                               WHERE entry.sku = $1 AND entry.warehouse_id = place.warehouse_id
                                 AND entry.kind = wanted.kind
                                 AND entry.at >= COALESCE($4::timestamptz, '-infinity')
                                 AND (entry.at, entry.id) < (COALESCE($5::timestamptz, 'infinity'), $6)
                               ORDER BY entry.at DESC, entry.id DESC LIMIT $7) AS movement
          ORDER BY movement.at DESC, movement.id DESC LIMIT $7",
        sku.as_str(),
        filter.warehouse_id.map(|warehouse| warehouse.as_uuid()),
        &kind as &[&str],
        filter.from,
        end.map(|end| end.at),
        end.map_or(i64::MAX, |end| end.id),
        i64::from(rows_max),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(StockMovement::try_from).collect()
}

impl TryFrom<MovementRow> for StockMovement {
    type Error = StoreError;

    fn try_from(row: MovementRow) -> Result<Self, StoreError> {
        let stored = StoredRow::new("inventory.ledger", row.id);
        let warehouse = StoredRow::new("inventory.warehouses", row.warehouse_id);
        Ok(Self {
            id: row.id,
            at: row.at,
            kind: stored.read_column("kind", row.kind.parse())?,
            warehouse_id: WarehouseId::from_uuid(row.warehouse_id),
            warehouse_code: warehouse.read_column("code", row.warehouse_code.parse())?,
            on_hand_delta: row.on_hand_delta,
            reserved_delta: row.reserved_delta,
            origin: origin(&stored, row)?,
        })
    }
}

fn origin(stored: &StoredRow<i64>, row: MovementRow) -> Result<Origin, Inconsistency> {
    let shipment_id = row.shipment_id.map(ShipmentId::from_uuid);
    match (row.order_id, row.cause, row.actor, row.reason) {
        (Some(order), Some(cause), _, _) => {
            let (order_id, cause) = (OrderId::from_uuid(order), MessageId::from_uuid(cause));
            Ok(Origin::Order { order_id, shipment_id, cause })
        }
        (_, _, Some(actor), Some(reason)) => Ok(match row.transfer_id.map(TransferId::from_uuid) {
            Some(transfer_id) => Origin::Transfer { transfer_id, actor, reason },
            None => Origin::Person { actor, reason },
        }),
        _ => Err(stored.inconsistent("cause", "neither an order nor a person")),
    }
}
