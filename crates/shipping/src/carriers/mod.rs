//! The interface to carriers, and its implementations: one file per carrier.

pub mod simulated;

use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::messages::ShipmentRequest;
use domain::shipment::TrackingNumber;
use std::time::Duration;

/// The interface of a carrier. Every call names its shipment and is idempotent.
pub trait Carrier: Send + Sync + 'static {
    /// The carrier's name, as stored with a shipment and shown to clients.
    const NAME: &'static str;

    /// Books a shipment. A repeated call returns the existing booking. After a [`Self::cancel`] it makes a new one.
    fn book(&self, request: &ShipmentRequest) -> impl Future<Output = BookResponse> + Send;

    /// Cancels a shipment. Cancelling a shipment that is not booked succeeds too, because the booking may never have
    /// reached the carrier.
    fn cancel(
        &self,
        shipment: ShipmentId,
        tracking_number: Option<&TrackingNumber>,
    ) -> impl Future<Output = CancelResponse> + Send;

    /// Time from a booking to the shipment's first milestone, if this system moves the carrier's shipments itself.
    /// `None` for real carriers, which report milestones.
    fn moves_after(&self) -> Option<Duration> {
        None
    }
}

/// The response to [`Carrier::book`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookResponse {
    Booked {
        tracking_number: TrackingNumber,
        promised_by: Timestamp,
    },
    /// The reason is a code: `address_not_served`, `goods_not_accepted`, ...
    Refused {
        reason: String,
    },
    /// The shipment may be booked or not: the response is missing or unclear.
    Unknown {
        why: String,
    },
}

/// The response to [`Carrier::cancel`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelResponse {
    Cancelled,
    /// The shipment was handed over already.
    TooLate,
    Unknown {
        why: String,
    },
}
