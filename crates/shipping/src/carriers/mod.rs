//! The interface to carriers. A carrier is a folder here, and one line in `registry.rs`.

pub mod manual;
mod registry;
pub mod simulated;

pub(crate) use registry::is_tracking_entered;
pub use registry::{CarrierSettings, Carriers, ChosenCarrier, NoSettings, StartedCarrier, advance_shipments};

use crate::error::ShippingError;
use async_trait::async_trait;
use domain::Timestamp;
use domain::ids::ShipmentId;
use domain::messages::ShipmentRequest;
use domain::order::Recipient;
use domain::shipment::TrackingNumber;
use messaging::WriteContext;
use std::fmt::Debug;

/// A carrier with its connections, as the handler of the shipping queue uses it. Every call names its shipment and is
/// idempotent.
#[async_trait]
pub trait Carrier: Debug + Send + Sync + 'static {
    /// Books a shipment. A repeated call returns the existing booking. After a [`Self::cancel`] it makes a new one.
    ///
    /// The recipient is unknown for orders without an address, and after it was erased. It must not get into the response
    /// or a log.
    async fn book(&self, request: &ShipmentRequest, recipient: &Recipient) -> BookResponse;

    /// Cancels a shipment. Cancelling a shipment that is not booked succeeds too, because the booking may never have
    /// reached the carrier.
    async fn cancel(&self, shipment: ShipmentId, tracking_number: Option<&TrackingNumber>) -> CancelResponse;
}

/// A carrier that can be registered: what is known of it before it is started, and how it is started.
pub trait RegisteredCarrier: Carrier + Sized {
    /// The name in settings, rows and metrics, shown to clients. It never changes, because rows name it.
    const NAME: &'static str;

    /// Whether people enter the tracking numbers of its shipments, together with the company that transports them. They
    /// do so between the booking and the first milestone.
    const TRACKING_IS_ENTERED: bool = false;

    /// False if it only pretends, and ships nothing.
    const IS_REAL: bool = true;

    /// Its section of the settings.
    type Settings: clap::Args;

    /// `None` if its settings are not set: then this installation does not use the carrier.
    fn start(settings: &Self::Settings) -> Option<Self>;

    /// Advances at most `limit` shipments that are due for their next milestone, and returns their number. It must be
    /// safe in two processes at once. Nothing to do for carriers that report milestones.
    fn advance_shipments(
        _settings: &Self::Settings,
        _context: &WriteContext,
        _now: Timestamp,
        _limit: u32,
    ) -> impl Future<Output = Result<usize, ShippingError>> + Send {
        std::future::ready(Ok(0))
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
