use super::expect_rows;
use crate::error::ShippingError;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, WarehouseId};
use domain::messages::{BookShipments, Parcel};
use domain::product::Line;
use domain::shipment::{Milestone, Shipment, ShipmentStatus, TrackingNumber, Waybill};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredShipment {
    pub id: ShipmentId,
    pub order_id: OrderId,
    pub warehouse_id: WarehouseId,
    pub lines: Vec<Line>,
    pub shipment: Shipment,
    pub next_move_at: Option<Timestamp>,
}

pub(crate) struct ChangedShipment {
    pub from: ShipmentStatus,
    pub to: StoredShipment,
}

impl StoredShipment {
    pub(crate) fn parcel(&self) -> Parcel {
        Parcel { shipment_id: self.id, warehouse_id: self.warehouse_id, lines: self.lines.clone() }
    }
}

impl ChangedShipment {
    /// `stored` comes as far as `next`; what has arrived moves no more.
    pub(crate) fn step(stored: StoredShipment, next: Shipment) -> Self {
        let next_move_at = next.next_milestone().and(stored.next_move_at);
        Self { from: stored.shipment.status(), to: StoredShipment { shipment: next, next_move_at, ..stored } }
    }
}

pub(crate) async fn insert_shipments<'a>(
    tx: &mut PgConnection,
    bookings: impl Iterator<Item = &'a BookShipments>,
    now: Timestamp,
) -> Result<(), ShippingError> {
    let (mut orders, mut ids, mut warehouses, mut lines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for booking in bookings {
        for parcel in &booking.parcels {
            orders.push(booking.order_id.as_uuid());
            ids.push(parcel.shipment_id.as_uuid());
            warehouses.push(parcel.warehouse_id.as_uuid());
            lines.push(Json(&parcel.lines));
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO shipping.shipments (order_id, id, warehouse_id, lines, status, created_at, updated_at)
         SELECT u.order_id, u.id, u.warehouse_id, u.lines, 'requested', $5, $5
         FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::jsonb[]) AS u (order_id, id, warehouse_id, lines)",
        &orders,
        &ids,
        &warehouses,
        &lines as &[Json<&Vec<Line>>],
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn lock_shipments(
    tx: &mut PgConnection,
    orders: &[Uuid],
) -> Result<Vec<StoredShipment>, ShippingError> {
    let rows = sqlx::query_as!(
        ShipmentRow,
        r#"SELECT order_id, id, warehouse_id, lines AS "lines: Json<Vec<Line>>", status, carrier, tracking_number,
                  promised_by, reached_at, next_move_at
           FROM shipping.shipments WHERE order_id = ANY($1) ORDER BY order_id, id FOR NO KEY UPDATE"#,
        orders,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(ShipmentRow::parse).collect()
}

pub(crate) async fn save_shipments(
    tx: &mut PgConnection,
    changed: &[&ChangedShipment],
    now: Timestamp,
) -> Result<(), ShippingError> {
    if changed.is_empty() {
        return Ok(());
    }
    let after = || changed.iter().map(|change| &change.to);
    let waybills = || after().map(|stored| stored.shipment.waybill());
    let orders: Vec<_> = after().map(|stored| stored.order_id.as_uuid()).collect();
    let ids: Vec<_> = after().map(|stored| stored.id.as_uuid()).collect();
    let from: Vec<&str> = changed.iter().map(|change| change.from.into()).collect();
    let to: Vec<&str> = after().map(|stored| stored.shipment.status().into()).collect();
    let carriers: Vec<_> = waybills().map(|waybill| waybill.map(|waybill| waybill.carrier.as_str())).collect();
    let numbers: Vec<_> = waybills().map(|waybill| waybill.map(|waybill| waybill.tracking_number.as_str())).collect();
    let promises: Vec<_> = waybills().map(|waybill| waybill.map(|waybill| waybill.promised_by)).collect();
    let reached: Vec<_> = after().map(|stored| reached_at(&stored.shipment)).collect();
    let next_moves: Vec<_> = after().map(|stored| stored.next_move_at).collect();
    let result = sqlx::query!(
        "UPDATE shipping.shipments AS s
         SET status = u.to_status, carrier = u.carrier, tracking_number = u.tracking_number,
             promised_by = u.promised_by, reached_at = u.reached_at, next_move_at = u.next_move_at, updated_at = $10
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::timestamptz[])
              AS u (order_id, id, from_status, to_status, carrier, tracking_number, promised_by, reached_at, next_move_at)
         WHERE s.order_id = ANY($1) AND s.order_id = u.order_id AND s.id = u.id AND s.status = u.from_status",
        &orders,
        &ids,
        &from as &[&str],
        &to as &[&str],
        &carriers as &[Option<&str>],
        &numbers as &[Option<&str>],
        &promises as &[Option<Timestamp>],
        &reached as &[Option<Timestamp>],
        &next_moves as &[Option<Timestamp>],
        now,
    )
    .execute(tx)
    .await?;
    expect_rows("shipments", changed.len(), &result)
}

pub(crate) async fn find_order_of_tracking_number(
    tx: &mut PgConnection,
    number: &TrackingNumber,
) -> Result<Option<OrderId>, ShippingError> {
    let order =
        sqlx::query_scalar!("SELECT order_id FROM shipping.shipments WHERE tracking_number = $1", number.as_str(),)
            .fetch_optional(tx)
            .await?;
    Ok(order.map(OrderId::from_uuid))
}

fn reached_at(shipment: &Shipment) -> Option<Timestamp> {
    match shipment {
        Shipment::UnderWay { reached_at, .. } => Some(*reached_at),
        Shipment::Requested | Shipment::Booked(_) | Shipment::Cancelled(_) => None,
    }
}

/// What every reader of the table reads.
pub(super) struct ShipmentRow {
    pub order_id: Uuid,
    pub id: Uuid,
    pub warehouse_id: Uuid,
    pub lines: Json<Vec<Line>>,
    pub status: String,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub promised_by: Option<Timestamp>,
    pub reached_at: Option<Timestamp>,
    pub next_move_at: Option<Timestamp>,
}

impl ShipmentRow {
    pub(super) fn parse(self) -> Result<StoredShipment, ShippingError> {
        let bad = |column| ShippingError::Inconsistent { table: "shipments", column, id: self.id };
        let waybill = waybill(self.carrier, self.tracking_number, self.promised_by).map_err(bad)?;
        let status: ShipmentStatus = self.status.parse().map_err(|_unknown| bad("status"))?;
        let shipment = shipment(status, waybill, self.reached_at).map_err(bad)?;
        Ok(StoredShipment {
            id: ShipmentId::from_uuid(self.id),
            order_id: OrderId::from_uuid(self.order_id),
            warehouse_id: WarehouseId::from_uuid(self.warehouse_id),
            lines: self.lines.0,
            shipment,
            next_move_at: self.next_move_at,
        })
    }
}

type BadColumn = &'static str;

fn waybill(
    carrier: Option<String>,
    tracking_number: Option<String>,
    promised_by: Option<Timestamp>,
) -> Result<Option<Waybill>, BadColumn> {
    let (Some(carrier), Some(number), Some(promised_by)) = (carrier, tracking_number, promised_by) else {
        return Ok(None);
    };
    let tracking_number = number.parse().map_err(|_bad| "tracking_number")?;
    Ok(Some(Waybill { carrier, tracking_number, promised_by }))
}

fn shipment(
    status: ShipmentStatus,
    waybill: Option<Waybill>,
    reached_at: Option<Timestamp>,
) -> Result<Shipment, BadColumn> {
    let milestone = match status {
        ShipmentStatus::Requested => return Ok(Shipment::Requested),
        ShipmentStatus::Booked => return waybill.map(Shipment::Booked).ok_or("carrier"),
        ShipmentStatus::Cancelled => return Ok(Shipment::Cancelled(waybill)),
        ShipmentStatus::HandedOver => Milestone::HandedOver,
        ShipmentStatus::InTransit => Milestone::InTransit,
        ShipmentStatus::Delivered => Milestone::Delivered,
    };
    let waybill = waybill.ok_or("carrier")?;
    Ok(Shipment::UnderWay { waybill, milestone, reached_at: reached_at.ok_or("reached_at")? })
}
