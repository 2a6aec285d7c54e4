//! The replies of all slices to the saga. They are published to one queue, `orders`.

use super::{
    Address, Message, PaymentAuthorized, PaymentCaptureDeclined, PaymentCaptured, PaymentDeclined,
    PaymentReauthorizationDeclined, PaymentReauthorized, PaymentRefundLinesRefused, PaymentRefundRefused,
    PaymentRefundUnresolved, PaymentRefunded, PaymentVoided, PaymentWrittenOff, Queue, ReservationReduced,
    ReservationStale, ReturnRestocked, ShipmentAmended, ShipmentDelayed, ShipmentException, ShipmentNotAmended,
    ShipmentProgressed, ShipmentsBooked, ShipmentsCancelled, ShipmentsRefused, ShipmentsTooLate, StockBackordered,
    StockNotShipped, StockRejected, StockReleased, StockReserved, StockShipped,
};
use crate::ids::OrderId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumCount, strum::IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum Reply {
    #[serde(rename = "inventory.reserved.v1")]
    #[strum(serialize = "inventory.reserved.v1")]
    StockReserved(StockReserved),
    #[serde(rename = "inventory.rejected.v1")]
    #[strum(serialize = "inventory.rejected.v1")]
    StockRejected(StockRejected),
    #[serde(rename = "inventory.backordered.v1")]
    #[strum(serialize = "inventory.backordered.v1")]
    StockBackordered(StockBackordered),
    #[serde(rename = "inventory.released.v1")]
    #[strum(serialize = "inventory.released.v1")]
    StockReleased(StockReleased),
    #[serde(rename = "inventory.shipped.v1")]
    #[strum(serialize = "inventory.shipped.v1")]
    StockShipped(StockShipped),
    #[serde(rename = "inventory.not_shipped.v1")]
    #[strum(serialize = "inventory.not_shipped.v1")]
    StockNotShipped(StockNotShipped),
    #[serde(rename = "inventory.reduced.v1")]
    #[strum(serialize = "inventory.reduced.v1")]
    ReservationReduced(ReservationReduced),
    #[serde(rename = "inventory.reservation_stale.v1", alias = "inventory.held_long.v1")]
    #[strum(serialize = "inventory.reservation_stale.v1")]
    ReservationStale(ReservationStale),
    #[serde(rename = "inventory.restocked.v1")]
    #[strum(serialize = "inventory.restocked.v1")]
    ReturnRestocked(ReturnRestocked),
    #[serde(rename = "payment.authorized.v1")]
    #[strum(serialize = "payment.authorized.v1")]
    PaymentAuthorized(PaymentAuthorized),
    #[serde(rename = "payment.declined.v1")]
    #[strum(serialize = "payment.declined.v1")]
    PaymentDeclined(PaymentDeclined),
    #[serde(rename = "payment.voided.v1")]
    #[strum(serialize = "payment.voided.v1")]
    PaymentVoided(PaymentVoided),
    #[serde(rename = "payment.captured.v1")]
    #[strum(serialize = "payment.captured.v1")]
    PaymentCaptured(PaymentCaptured),
    #[serde(rename = "payment.capture_declined.v1")]
    #[strum(serialize = "payment.capture_declined.v1")]
    PaymentCaptureDeclined(PaymentCaptureDeclined),
    #[serde(rename = "payment.refunded.v1")]
    #[strum(serialize = "payment.refunded.v1")]
    PaymentRefunded(PaymentRefunded),
    #[serde(rename = "payment.refund_refused.v1")]
    #[strum(serialize = "payment.refund_refused.v1")]
    PaymentRefundRefused(PaymentRefundRefused),
    #[serde(rename = "payment.refund_unresolved.v1")]
    #[strum(serialize = "payment.refund_unresolved.v1")]
    PaymentRefundUnresolved(PaymentRefundUnresolved),
    #[serde(rename = "payment.refund_lines_refused.v1")]
    #[strum(serialize = "payment.refund_lines_refused.v1")]
    PaymentRefundLinesRefused(PaymentRefundLinesRefused),
    #[serde(rename = "payment.written_off.v1")]
    #[strum(serialize = "payment.written_off.v1")]
    PaymentWrittenOff(PaymentWrittenOff),
    #[serde(rename = "payment.reauthorized.v1")]
    #[strum(serialize = "payment.reauthorized.v1")]
    PaymentReauthorized(PaymentReauthorized),
    #[serde(rename = "payment.reauthorization_declined.v1")]
    #[strum(serialize = "payment.reauthorization_declined.v1")]
    PaymentReauthorizationDeclined(PaymentReauthorizationDeclined),
    #[serde(rename = "shipment.booked.v1")]
    #[strum(serialize = "shipment.booked.v1")]
    ShipmentsBooked(ShipmentsBooked),
    #[serde(rename = "shipment.refused.v1")]
    #[strum(serialize = "shipment.refused.v1")]
    ShipmentsRefused(ShipmentsRefused),
    #[serde(rename = "shipment.cancelled.v1")]
    #[strum(serialize = "shipment.cancelled.v1")]
    ShipmentsCancelled(ShipmentsCancelled),
    #[serde(rename = "shipment.too_late.v1")]
    #[strum(serialize = "shipment.too_late.v1")]
    ShipmentsTooLate(ShipmentsTooLate),
    #[serde(rename = "shipment.amended.v1")]
    #[strum(serialize = "shipment.amended.v1")]
    ShipmentAmended(ShipmentAmended),
    #[serde(rename = "shipment.not_amended.v1")]
    #[strum(serialize = "shipment.not_amended.v1")]
    ShipmentNotAmended(ShipmentNotAmended),
    #[serde(rename = "shipment.progressed.v1")]
    #[strum(serialize = "shipment.progressed.v1")]
    ShipmentProgressed(ShipmentProgressed),
    #[serde(rename = "shipment.exception.v1")]
    #[strum(serialize = "shipment.exception.v1")]
    ShipmentException(ShipmentException),
    #[serde(rename = "shipment.delayed.v1")]
    #[strum(serialize = "shipment.delayed.v1")]
    ShipmentDelayed(ShipmentDelayed),
}

impl Message for Reply {
    const ADDRESS: Address = Address::Queue(Queue::Orders);

    fn type_name(&self) -> &'static str {
        self.into()
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::StockReserved(reply) => reply.order_id,
            Self::StockRejected(reply) => reply.order_id,
            Self::StockBackordered(reply) => reply.order_id,
            Self::StockReleased(reply) => reply.order_id,
            Self::StockShipped(reply) => reply.order_id,
            Self::StockNotShipped(reply) => reply.order_id,
            Self::ReservationReduced(reply) => reply.order_id,
            Self::ReservationStale(reply) => reply.order_id,
            Self::ReturnRestocked(reply) => reply.order_id,
            Self::PaymentAuthorized(reply) => reply.order_id,
            Self::PaymentDeclined(reply) => reply.order_id,
            Self::PaymentVoided(reply) => reply.order_id,
            Self::PaymentCaptured(reply) => reply.order_id,
            Self::PaymentCaptureDeclined(reply) => reply.order_id,
            Self::PaymentRefunded(reply) => reply.order_id,
            Self::PaymentRefundRefused(reply) => reply.order_id,
            Self::PaymentRefundUnresolved(reply) => reply.order_id,
            Self::PaymentRefundLinesRefused(reply) => reply.order_id,
            Self::PaymentWrittenOff(reply) => reply.order_id,
            Self::PaymentReauthorized(reply) => reply.order_id,
            Self::PaymentReauthorizationDeclined(reply) => reply.order_id,
            Self::ShipmentsBooked(reply) => reply.order_id,
            Self::ShipmentsRefused(reply) => reply.order_id,
            Self::ShipmentsCancelled(reply) => reply.order_id,
            Self::ShipmentsTooLate(reply) => reply.order_id,
            Self::ShipmentAmended(reply) => reply.order_id,
            Self::ShipmentNotAmended(reply) => reply.order_id,
            Self::ShipmentProgressed(reply) => reply.order_id,
            Self::ShipmentException(reply) => reply.order_id,
            Self::ShipmentDelayed(reply) => reply.order_id,
        }
    }
    fn publisher(&self) -> Queue {
        match self {
            Self::StockReserved(_)
            | Self::StockRejected(_)
            | Self::StockBackordered(_)
            | Self::StockReleased(_)
            | Self::StockShipped(_)
            | Self::StockNotShipped(_)
            | Self::ReservationReduced(_)
            | Self::ReservationStale(_)
            | Self::ReturnRestocked(_) => Queue::Inventory,
            Self::PaymentAuthorized(_)
            | Self::PaymentDeclined(_)
            | Self::PaymentVoided(_)
            | Self::PaymentCaptured(_)
            | Self::PaymentCaptureDeclined(_)
            | Self::PaymentRefunded(_)
            | Self::PaymentRefundRefused(_)
            | Self::PaymentRefundUnresolved(_)
            | Self::PaymentRefundLinesRefused(_)
            | Self::PaymentWrittenOff(_)
            | Self::PaymentReauthorized(_)
            | Self::PaymentReauthorizationDeclined(_) => Queue::Payments,
            Self::ShipmentsBooked(_)
            | Self::ShipmentsRefused(_)
            | Self::ShipmentsCancelled(_)
            | Self::ShipmentsTooLate(_)
            | Self::ShipmentAmended(_)
            | Self::ShipmentNotAmended(_)
            | Self::ShipmentProgressed(_)
            | Self::ShipmentException(_)
            | Self::ShipmentDelayed(_) => Queue::Shipping,
        }
    }
}
