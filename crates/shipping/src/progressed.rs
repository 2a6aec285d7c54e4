//! The message to an order whose shipment has reached a milestone.

use crate::store::ChangedShipment;
use domain::Timestamp;
use domain::messages::{Reply, ShipmentProgressed};
use domain::shipment::{Milestone, Waybill};
use messaging::{Outgoing, Trace};

/// Its id is derived from shipment and milestone, so that the order receives each milestone
/// once, however often it is reported.
pub(crate) fn progressed(
    change: &ChangedShipment,
    milestone: Milestone,
    occurred_at: Timestamp,
    trace: Trace,
    now: Timestamp,
) -> Outgoing {
    let (order_id, shipment_id) = (change.to.order_id, change.to.id);
    let transport = change.to.shipment.waybill().and_then(Waybill::transport);
    let report = ShipmentProgressed { order_id, shipment_id, status: milestone.into(), occurred_at, transport };
    Outgoing::new(order_id, &Reply::ShipmentProgressed(report), format!("{shipment_id}/{milestone}"), trace, now)
}
