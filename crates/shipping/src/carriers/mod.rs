//! Who carries the goods: one file a carrier.

pub mod simulated;

use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::messages::Parcel;
use domain::shipment::TrackingNumber;
use std::time::Duration;

/// A carrier's interface. Every call names the shipment, and saying it twice does no more than saying it once.
pub trait Carrier: Send + Sync + 'static {
    /// What is stored with a shipment and shown to clients.
    const NAME: &'static str;

    /// Take `parcel` on. Asked again, the same booking is told again; after a [`Self::cancel`] it is made anew.
    fn book(&self, parcel: &Parcel) -> impl Future<Output = BookAnswer> + Send;

    /// Don't fetch it. Nothing to call back is a success too: the booking may never have reached the carrier.
    fn cancel(
        &self,
        shipment: ShipmentId,
        tracking_number: Option<&TrackingNumber>,
    ) -> impl Future<Output = CancelAnswer> + Send;

    /// When a shipment that it has just booked takes its first step, if it is us who move its shipments.
    fn moves_after(&self) -> Option<Duration> {
        None
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookAnswer {
    Booked {
        tracking_number: TrackingNumber,
        promised_by: Timestamp,
    },
    /// In a word: `address_not_served`, `goods_not_accepted`, ...
    Refused {
        reason: String,
    },
    /// It may be booked or not: no answer came, or none that tells.
    Unknown {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    Cancelled,
    /// The carrier has it already.
    TooLate,
    Unknown {
        why: String,
    },
}
