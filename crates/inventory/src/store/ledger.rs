//! `inventory.ledger`, and through it the counters of `inventory.stock`.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId};
use domain::inventory::{LedgerEntry, Origin};
use platform::consistency::ensure_rows;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Inserts `entries` and changes the counters by their sums, in one statement. No other statement changes a counter.
/// The caller must hold the locks of the stock rows.
pub(crate) async fn apply_entries(
    tx: &mut PgConnection,
    entries: &[LedgerEntry],
    now: Timestamp,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(entries);
    let changed = sqlx::query!(
        "WITH entry AS (
             INSERT INTO inventory.ledger (at, kind, sku, warehouse_id, on_hand_delta, reserved_delta,
                                           order_id, shipment_id, cause, actor, reason)
             SELECT $1, entry.*
               FROM UNNEST($2::text[], $3::text[], $4::uuid[], $5::integer[], $6::integer[],
                           $7::uuid[], $8::uuid[], $9::uuid[], $10::text[], $11::text[]) AS entry
             RETURNING sku, warehouse_id, on_hand_delta, reserved_delta
         ), moved AS (
             SELECT sku, warehouse_id, sum(on_hand_delta)::integer AS on_hand, sum(reserved_delta)::integer AS reserved
               FROM entry
              GROUP BY sku, warehouse_id
         )
         UPDATE inventory.stock AS stock
            SET on_hand = stock.on_hand + moved.on_hand, reserved = stock.reserved + moved.reserved, updated_at = $1
           FROM moved
          WHERE stock.sku = moved.sku AND stock.warehouse_id = moved.warehouse_id",
        now,
        &columns.kinds as &[&str],
        &columns.skus as &[&str],
        &columns.warehouses,
        &columns.on_hand,
        &columns.reserved,
        &columns.orders as &[Option<uuid::Uuid>],
        &columns.shipments as &[Option<uuid::Uuid>],
        &columns.causes as &[Option<uuid::Uuid>],
        &columns.actors as &[Option<&str>],
        &columns.reasons as &[Option<&str>],
    )
    .execute(tx)
    .await?;
    let rows: HashSet<_> = entries.iter().map(|entry| (&entry.sku, entry.warehouse_id)).collect();
    Ok(ensure_rows("inventory.stock", rows.len(), changed.rows_affected())?)
}

/// Entries as arrays, one per column.
#[derive(Default)]
struct Columns<'a> {
    kinds: Vec<&'static str>,
    skus: Vec<&'a str>,
    warehouses: Vec<uuid::Uuid>,
    on_hand: Vec<i32>,
    reserved: Vec<i32>,
    orders: Vec<Option<uuid::Uuid>>,
    shipments: Vec<Option<uuid::Uuid>>,
    causes: Vec<Option<uuid::Uuid>>,
    actors: Vec<Option<&'a str>>,
    reasons: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(entries: &'a [LedgerEntry]) -> Self {
        let mut columns = Self::default();
        for entry in entries {
            columns.push(entry);
        }
        columns
    }

    fn push(&mut self, entry: &'a LedgerEntry) {
        let delta =
            |delta: i64| i32::try_from(delta).expect("a movement that a stock row accepted is within its limit");
        self.kinds.push(entry.movement.kind().into());
        self.skus.push(entry.sku.as_str());
        self.warehouses.push(entry.warehouse_id.as_uuid());
        self.on_hand.push(delta(entry.movement.on_hand_delta()));
        self.reserved.push(delta(entry.movement.reserved_delta()));
        let (order, shipment, cause, actor, reason) = match &entry.origin {
            Origin::Order { order_id, shipment_id, cause } => (Some(order_id), *shipment_id, Some(cause), None, None),
            Origin::Person { actor, reason } => (None, None, None, Some(actor.as_str()), Some(reason.as_str())),
        };
        self.orders.push(order.map(OrderId::as_uuid));
        self.shipments.push(shipment.as_ref().map(ShipmentId::as_uuid));
        self.causes.push(cause.map(MessageId::as_uuid));
        self.actors.push(actor);
        self.reasons.push(reason);
    }
}
