//! Table `shipping.shipments`: one row per order, warehouse and vendor.

use super::SHIPMENTS;
use crate::error::ShippingError;
use crate::shipment_key::ShipmentKey;
use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use domain::messages::ShipmentRequest;
use domain::product::Line;
use domain::shipment::{DeliveryException, Milestone, Shipment, ShipmentStatus, TrackingNumber, Waybill};
use platform::consistency::{Inconsistency, StoredRow};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A shipment with the other columns of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredShipment {
    pub id: ShipmentId,
    pub order_id: OrderId,
    pub warehouse_id: WarehouseId,
    pub vendor_id: Option<UserId>,
    pub lines: Vec<Line>,
    pub shipment: Shipment,
    /// What is wrong with it, as far as its carrier has reported and nobody has dismissed it.
    pub exception: Option<DeliveryException>,
}

/// A shipment's new state, and the status that the row must still have.
#[derive(Debug)]
pub(crate) struct ChangedShipment {
    pub from: ShipmentStatus,
    pub to: StoredShipment,
}

impl StoredShipment {
    pub(crate) fn tracking_number(&self) -> Option<&TrackingNumber> {
        self.shipment.waybill().map(|waybill| &waybill.tracking_number)
    }

    pub(crate) fn request(&self) -> ShipmentRequest {
        let Self { id, warehouse_id, vendor_id, .. } = *self;
        ShipmentRequest { shipment_id: id, warehouse_id, vendor_id, lines: self.lines.clone() }
    }
}

impl ChangedShipment {
    /// Advances `stored` to `next`.
    pub(crate) fn step(stored: StoredShipment, next: Shipment) -> Self {
        Self { from: stored.shipment.status(), to: StoredShipment { shipment: next, ..stored } }
    }

    /// `None` if nothing differs.
    pub(crate) fn between(before: &StoredShipment, after: StoredShipment) -> Option<Self> {
        (*before != after).then(|| Self { from: before.shipment.status(), to: after })
    }
}

pub(crate) async fn lock_shipments(
    tx: &mut PgConnection,
    orders: &[Uuid],
) -> Result<Vec<StoredShipment>, ShippingError> {
    let rows = sqlx::query_as!(
        ShipmentRow,
        r#"SELECT order_id, id, warehouse_id, vendor_id, lines AS "lines: Json<Vec<Line>>", status, carrier, tracking_number,
                  promised_by, carrier_name, reached_at, exception
           FROM shipping.shipments WHERE order_id = ANY($1) ORDER BY order_id, id FOR NO KEY UPDATE"#,
        orders,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(ShipmentRow::parse).collect()
}

/// The order of a shipment.
pub(crate) async fn find_order(
    connection: &mut PgConnection,
    key: &ShipmentKey,
) -> Result<Option<OrderId>, ShippingError> {
    let order = match key {
        ShipmentKey::Id(id) => find_order_by_id(connection, *id).await?,
        ShipmentKey::TrackingNumber(number) => {
            let number = number.as_str();
            sqlx::query_scalar!("SELECT order_id FROM shipping.shipments WHERE tracking_number = $1", number)
                .fetch_optional(connection)
                .await?
        }
    };
    Ok(order.map(OrderId::from_uuid))
}

async fn find_order_by_id(connection: &mut PgConnection, id: ShipmentId) -> sqlx::Result<Option<Uuid>> {
    let (first, last) = id.possible_orders();
    sqlx::query_scalar!(
        "SELECT order_id FROM shipping.shipments WHERE order_id BETWEEN $1 AND $2 AND id = $3",
        first.as_uuid(),
        last.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await
}

pub(super) fn reached_at(shipment: &Shipment) -> Option<Timestamp> {
    match shipment {
        Shipment::UnderWay { reached_at, .. } => Some(*reached_at),
        Shipment::Requested | Shipment::Booked(_) | Shipment::Cancelled(_) => None,
    }
}

/// The columns of a [`StoredShipment`].
pub(crate) struct ShipmentRow {
    pub order_id: Uuid,
    pub id: Uuid,
    pub warehouse_id: Uuid,
    pub vendor_id: Option<Uuid>,
    pub lines: Json<Vec<Line>>,
    pub status: String,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub promised_by: Option<Timestamp>,
    pub carrier_name: Option<String>,
    pub reached_at: Option<Timestamp>,
    pub exception: Option<String>,
}

impl ShipmentRow {
    pub(crate) fn parse(self) -> Result<StoredShipment, ShippingError> {
        let stored = StoredRow::new(SHIPMENTS, self.id);
        let waybill = waybill(&stored, self.carrier, self.tracking_number, self.promised_by, self.carrier_name)?;
        let status = stored.read_column("status", self.status.parse())?;
        let shipment = shipment(&stored, status, waybill, self.reached_at)?;
        Ok(StoredShipment {
            id: ShipmentId::from_uuid(self.id),
            order_id: OrderId::from_uuid(self.order_id),
            warehouse_id: WarehouseId::from_uuid(self.warehouse_id),
            vendor_id: self.vendor_id.map(UserId::from_uuid),
            lines: self.lines.0,
            shipment,
            exception: stored.read_column("exception", self.exception.map(|text| text.parse()).transpose())?,
        })
    }
}

fn waybill(
    stored: &StoredRow<Uuid>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    promised_by: Option<Timestamp>,
    carrier_name: Option<String>,
) -> Result<Option<Waybill>, Inconsistency> {
    let (Some(carrier), Some(number), Some(promised_by)) = (carrier, tracking_number, promised_by) else {
        return Ok(None);
    };
    let tracking_number = stored.read_column("tracking_number", number.parse())?;
    let carrier_name = carrier_name.map(|name| name.parse()).transpose();
    let carrier_name = stored.read_column("carrier_name", carrier_name)?;
    Ok(Some(Waybill { carrier, tracking_number, promised_by, carrier_name }))
}

fn shipment(
    stored: &StoredRow<Uuid>,
    status: ShipmentStatus,
    waybill: Option<Waybill>,
    reached_at: Option<Timestamp>,
) -> Result<Shipment, Inconsistency> {
    let missing = |column| stored.inconsistent(column, format!("it is missing for {status}"));
    let milestone = match status {
        ShipmentStatus::Requested => return Ok(Shipment::Requested),
        ShipmentStatus::Booked => return waybill.map(Shipment::Booked).ok_or_else(|| missing("carrier")),
        ShipmentStatus::Cancelled => return Ok(Shipment::Cancelled(waybill)),
        ShipmentStatus::HandedOver => Milestone::HandedOver,
        ShipmentStatus::InTransit => Milestone::InTransit,
        ShipmentStatus::Delivered => Milestone::Delivered,
    };
    let waybill = waybill.ok_or_else(|| missing("carrier"))?;
    Ok(Shipment::UnderWay { waybill, milestone, reached_at: reached_at.ok_or_else(|| missing("reached_at"))? })
}
