//! Begins the replacement of shipments.

use super::BOOKINGS;
use crate::error::ShippingError;
use domain::Timestamp;
use domain::messages::{AmendShipment, ShipmentRequest};
use domain::product::Line;
use platform::consistency::ensure_rows;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// Sets the semantic lock `amending`, and stores the replacements: the shipments of these orders don't advance until the
/// carrier's result is settled.
pub(crate) async fn start_amending(
    tx: &mut PgConnection,
    amending: &[AmendShipment],
    now: Timestamp,
) -> Result<(), ShippingError> {
    if amending.is_empty() {
        return Ok(());
    }
    let order_id: Vec<_> = amending.iter().map(|amend| amend.order_id.as_uuid()).collect();
    let amending_shipment_id: Vec<_> = amending.iter().map(|amend| amend.shipment_id.as_uuid()).collect();
    let changed = sqlx::query!(
        "UPDATE shipping.bookings AS stored
            SET status = 'amending', amending_shipment_id = new.amending_shipment_id, updated_at = $1
           FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::uuid[]) AS amending_shipment_id) AS new
          WHERE stored.order_id = ANY($2) AND stored.order_id = new.order_id AND stored.status = 'booked'",
        now,
        &order_id,
        &amending_shipment_id,
    )
    .execute(&mut *tx)
    .await?;
    ensure_rows(BOOKINGS, amending.len(), changed.rows_affected())?;
    insert_replacements(tx, amending, now).await
}

async fn insert_replacements(
    tx: &mut PgConnection,
    amending: &[AmendShipment],
    now: Timestamp,
) -> Result<(), ShippingError> {
    let columns = Columns::of(amending);
    sqlx::query!(
        "INSERT INTO shipping.shipments (order_id, id, warehouse_id, vendor_id, lines, status, created_at, updated_at)
         SELECT new.order_id, new.id, new.warehouse_id, new.vendor_id, new.lines, 'requested' AS status,
                $1 AS created_at, $1 AS updated_at
           FROM (SELECT unnest($2::uuid[]) AS order_id, unnest($3::uuid[]) AS id, unnest($4::uuid[]) AS warehouse_id,
                        unnest($5::uuid[]) AS vendor_id, unnest($6::jsonb[]) AS lines) AS new",
        now,
        &columns.order_id,
        &columns.id,
        &columns.warehouse_id,
        &columns.vendor_id as &[Option<Uuid>],
        &columns.lines as &[Json<&Vec<Line>>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// New shipments, by column.
struct Columns<'a> {
    order_id: Vec<Uuid>,
    id: Vec<Uuid>,
    warehouse_id: Vec<Uuid>,
    vendor_id: Vec<Option<Uuid>>,
    lines: Vec<Json<&'a Vec<Line>>>,
}

impl<'a> Columns<'a> {
    fn of(amending: &'a [AmendShipment]) -> Self {
        let new: Vec<(&AmendShipment, &ShipmentRequest)> =
            amending.iter().filter_map(|amend| Some((amend, amend.replacement.as_ref()?))).collect();
        Self {
            order_id: new.iter().map(|(amend, _)| amend.order_id.as_uuid()).collect(),
            id: new.iter().map(|(_, request)| request.shipment_id.as_uuid()).collect(),
            warehouse_id: new.iter().map(|(_, request)| request.warehouse_id.as_uuid()).collect(),
            vendor_id: new.iter().map(|(_, request)| request.vendor_id.map(|vendor| vendor.as_uuid())).collect(),
            lines: new.iter().map(|(_, request)| Json(&request.lines)).collect(),
        }
    }
}
