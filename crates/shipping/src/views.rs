//! Shipments as clients see them.

use domain::Timestamp;
use domain::ids::{OrderId, ShipmentId, UserId, WarehouseId};
use domain::product::Line;
use domain::shipment::{CarrierReport, DeliveryException, ShipmentStatus, TrackingNumber};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentView {
    pub shipment_id: ShipmentId,
    pub order_id: OrderId,
    pub warehouse_id: WarehouseId,
    /// Who sells its lines. `None` for shipments that the version before booked, which may have several vendors.
    pub vendor_id: Option<UserId>,
    pub lines: Vec<Line>,
    pub status: ShipmentStatus,
    /// `carrier`, `tracking_number` and `promised_by` are set once the shipment is booked.
    pub carrier: Option<String>,
    pub tracking_number: Option<TrackingNumber>,
    pub promised_by: Option<Timestamp>,
    /// The company that transports it, if a person entered it.
    pub carrier_name: Option<String>,
    /// When it was first marked as delayed.
    pub delayed_at: Option<Timestamp>,
    /// The delay level, counted from one. 0 while the shipment is on time.
    pub delay_level: u16,
    /// What went wrong last, until it arrives after all.
    pub exception: Option<DeliveryException>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The carrier's events, sorted by `occurred_at`.
    pub events: Vec<ShipmentEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentEvent {
    pub status: CarrierReport,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub source: String,
    pub note: Option<String>,
}
