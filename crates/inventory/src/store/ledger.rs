//! `inventory.ledger`, and through it the counters of `inventory.stock`.

use crate::StoreError;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId, ShipmentId, TransferId};
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
                                           order_id, shipment_id, cause, actor, reason, transfer_id)
             SELECT $1 AS at, unnest($2::text[]) AS kind, unnest($3::text[]) AS sku, unnest($4::uuid[]) AS warehouse_id,
                    unnest($5::integer[]) AS on_hand_delta, unnest($6::integer[]) AS reserved_delta,
                    unnest($7::uuid[]) AS order_id, unnest($8::uuid[]) AS shipment_id, unnest($9::uuid[]) AS cause,
                    unnest($10::text[]) AS actor, unnest($11::text[]) AS reason,
                    unnest($12::uuid[]) AS transfer_id
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
        &columns.kind as &[&str],
        &columns.sku as &[&str],
        &columns.warehouse_id,
        &columns.on_hand_delta,
        &columns.reserved_delta,
        &columns.order_id as &[Option<uuid::Uuid>],
        &columns.shipment_id as &[Option<uuid::Uuid>],
        &columns.cause as &[Option<uuid::Uuid>],
        &columns.actor as &[Option<&str>],
        &columns.reason as &[Option<&str>],
        &columns.transfer_id as &[Option<uuid::Uuid>],
    )
    .execute(tx)
    .await?;
    let rows: HashSet<_> = entries.iter().map(|entry| (&entry.sku, entry.warehouse_id)).collect();
    Ok(ensure_rows("inventory.stock", rows.len(), changed.rows_affected())?)
}

/// Entries as arrays, one per column.
#[derive(Default)]
struct Columns<'a> {
    kind: Vec<&'static str>,
    sku: Vec<&'a str>,
    warehouse_id: Vec<uuid::Uuid>,
    on_hand_delta: Vec<i32>,
    reserved_delta: Vec<i32>,
    order_id: Vec<Option<uuid::Uuid>>,
    shipment_id: Vec<Option<uuid::Uuid>>,
    cause: Vec<Option<uuid::Uuid>>,
    actor: Vec<Option<&'a str>>,
    reason: Vec<Option<&'a str>>,
    transfer_id: Vec<Option<uuid::Uuid>>,
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
        self.kind.push(entry.movement.kind().into());
        self.sku.push(entry.sku.as_str());
        self.warehouse_id.push(entry.warehouse_id.as_uuid());
        self.on_hand_delta.push(delta(entry.movement.on_hand_delta()));
        self.reserved_delta.push(delta(entry.movement.reserved_delta()));
        let origin = OriginColumns::of(&entry.origin);
        self.order_id.push(origin.order_id.map(OrderId::as_uuid));
        self.shipment_id.push(origin.shipment_id.map(ShipmentId::as_uuid));
        self.cause.push(origin.cause.map(MessageId::as_uuid));
        self.actor.push(origin.actor);
        self.reason.push(origin.reason);
        self.transfer_id.push(origin.transfer_id.map(TransferId::as_uuid));
    }
}

/// The columns of one entry that name its origin.
#[derive(Default)]
struct OriginColumns<'a> {
    order_id: Option<&'a OrderId>,
    shipment_id: Option<&'a ShipmentId>,
    cause: Option<&'a MessageId>,
    actor: Option<&'a str>,
    reason: Option<&'a str>,
    transfer_id: Option<&'a TransferId>,
}

impl<'a> OriginColumns<'a> {
    fn of(origin: &'a Origin) -> Self {
        match origin {
            Origin::Order { order_id, shipment_id, cause } => Self {
                order_id: Some(order_id),
                shipment_id: shipment_id.as_ref(),
                cause: Some(cause),
                ..Self::default()
            },
            Origin::Person { actor, reason } => Self { actor: Some(actor), reason: Some(reason), ..Self::default() },
            Origin::Transfer { transfer_id, actor, reason } => {
                Self { actor: Some(actor), reason: Some(reason), transfer_id: Some(transfer_id), ..Self::default() }
            }
        }
    }
}
