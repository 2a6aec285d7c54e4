//! The messages to an order about what its carrier reports.

use crate::store::StoredShipment;
use domain::Timestamp;
use domain::messages::{Reply, ShipmentException, ShipmentProgressed};
use domain::shipment::{DeliveryException, Milestone, Shipment, Waybill};
use messaging::{Outgoing, Trace};

/// Its id is derived from shipment and milestone, so that the order receives each milestone
/// once, however often it is reported.
pub(crate) fn progressed(
    shipment: &StoredShipment,
    milestone: Milestone,
    occurred_at: Timestamp,
    trace: Trace,
    now: Timestamp,
) -> Outgoing {
    let (order_id, shipment_id) = (shipment.order_id, shipment.id);
    let is_cancelled = matches!(shipment.shipment, Shipment::Cancelled(_));
    let transport = shipment.shipment.waybill().and_then(Waybill::transport);
    let report =
        ShipmentProgressed { order_id, shipment_id, status: milestone.into(), occurred_at, transport, is_cancelled };
    Outgoing::new(order_id, &Reply::ShipmentProgressed(report), format!("{shipment_id}/{milestone}"), trace, now)
}

/// Its id contains the time of the event: the same may happen again.
pub(crate) fn failed(
    shipment: &StoredShipment,
    exception: DeliveryException,
    occurred_at: Timestamp,
    trace: Trace,
    now: Timestamp,
) -> Outgoing {
    let (order_id, shipment_id) = (shipment.order_id, shipment.id);
    let is_cancelled = matches!(shipment.shipment, Shipment::Cancelled(_));
    let report = ShipmentException { order_id, shipment_id, exception, occurred_at, is_cancelled };
    let work = format!("{shipment_id}/{exception}/{}", occurred_at.timestamp_micros());
    Outgoing::new(order_id, &Reply::ShipmentException(report), work, trace, now)
}
