//! The booking of all shipments of one order.
//!
//! A requested booking ends booked or refused. A cancelled one is first `Cancelling`, a semantic lock: its shipments
//! don't change until the carrier has responded. An order that was never booked can be cancelled, too. Its booking is
//! then a tombstone, which refuses a later request to book.

use super::{Shipment, ShipmentRefusal};
use crate::applied::Applied;

#[derive(Debug, Clone, PartialEq, Eq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(BookingStatus),
    derive(Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "The state of a booking, as it is stored."
)]
pub enum Booking {
    /// The carrier is being called, or is about to be.
    Requested,
    Booked,
    /// The carrier refused a shipment; those that it had accepted are cancelled.
    Refused {
        reason: String,
    },
    /// The carrier is being called to cancel every shipment.
    Cancelling,
    Cancelled,
}

/// The carrier's response does not fit the booking's state: a concurrent transaction changed it during the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the booking is {found} by now")]
pub struct BookingChanged {
    pub found: BookingStatus,
}

type BookingResult = Result<Applied<Booking>, BookingChanged>;

impl Booking {
    /// Starts to cancel every shipment, unless one is handed over already.
    pub fn begin_cancelling<'a>(
        self,
        mut shipments: impl Iterator<Item = &'a Shipment>,
    ) -> Result<Applied<Self>, ShipmentRefusal> {
        match self {
            Self::Booked if shipments.any(|shipment| matches!(shipment, Shipment::UnderWay { .. })) => {
                Err(ShipmentRefusal::HandedOver)
            }
            Self::Requested | Self::Booked => Ok(Applied::Changed(Self::Cancelling)),
            Self::Cancelling | Self::Cancelled | Self::Refused { .. } => Ok(Applied::Unchanged),
        }
    }

    /// The carrier has accepted every shipment.
    pub fn book(self) -> BookingResult {
        match self {
            Self::Requested => Ok(Applied::Changed(Self::Booked)),
            Self::Booked => Ok(Applied::Unchanged),
            Self::Refused { .. } | Self::Cancelling | Self::Cancelled => Err(self.changed()),
        }
    }

    /// The carrier has refused a shipment, and cancelled those that it had accepted.
    pub fn refuse(self, reason: String) -> BookingResult {
        match self {
            Self::Requested => Ok(Applied::Changed(Self::Refused { reason })),
            Self::Refused { .. } | Self::Cancelled => Ok(Applied::Unchanged),
            Self::Booked | Self::Cancelling => Err(self.changed()),
        }
    }

    /// The carrier has cancelled every shipment.
    pub fn finish_cancelling(self) -> BookingResult {
        match self {
            Self::Cancelling => Ok(Applied::Changed(Self::Cancelled)),
            Self::Refused { .. } | Self::Cancelled => Ok(Applied::Unchanged),
            Self::Requested | Self::Booked => Err(self.changed()),
        }
    }

    /// The carrier already has a shipment and delivers: the booking is booked again.
    pub fn resume_booked(self) -> BookingResult {
        match self {
            Self::Cancelling => Ok(Applied::Changed(Self::Booked)),
            Self::Booked => Ok(Applied::Unchanged),
            Self::Requested | Self::Refused { .. } | Self::Cancelled => Err(self.changed()),
        }
    }

    pub fn status(&self) -> BookingStatus {
        self.into()
    }

    fn changed(&self) -> BookingChanged {
        BookingChanged { found: self.status() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::shipment::{Milestone, Waybill};
    use rstest::rstest;

    fn refused(reason: &str) -> Booking {
        Booking::Refused { reason: reason.to_owned() }
    }

    fn handed_over() -> Shipment {
        let at = Timestamp::from_timestamp(0, 0).unwrap();
        let (carrier, tracking_number) = ("test".to_owned(), "A".parse().unwrap());
        let waybill = Waybill { carrier, tracking_number, promised_by: at, carrier_name: None };
        Shipment::UnderWay { waybill, milestone: Milestone::HandedOver, reached_at: at }
    }

    fn outcome<E: std::fmt::Debug>(result: Result<Applied<Booking>, E>) -> String {
        match result {
            Ok(Applied::Changed(booking)) => format!(">{}", booking.status()),
            Ok(Applied::Unchanged) => "=".to_owned(),
            Err(_changed) => "no".to_owned(),
        }
    }

    #[rstest]
    #[case::requested(Booking::Requested, [">cancelling", ">booked", ">refused", "no", "no"])]
    #[case::booked(Booking::Booked, [">cancelling", "=", "no", "no", "="])]
    #[case::refused(refused("full"), ["=", "no", "=", "=", "no"])]
    #[case::cancelling(Booking::Cancelling, ["=", "no", "no", ">cancelled", ">booked"])]
    #[case::cancelled(Booking::Cancelled, ["=", "no", "=", "=", "no"])]
    fn every_state_handles_every_event(#[case] booking: Booking, #[case] expected: [&str; 5]) {
        let outcomes = [
            outcome(booking.clone().begin_cancelling([Shipment::Requested].iter())),
            outcome(booking.clone().book()),
            outcome(booking.clone().refuse("other".to_owned())),
            outcome(booking.clone().finish_cancelling()),
            outcome(booking.resume_booked()),
        ];

        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_booking_is_not_cancelled_once_the_carrier_has_one_of_its_shipments() {
        let shipments = [Shipment::Requested, handed_over()];

        assert_eq!(Booking::Booked.begin_cancelling(shipments.iter()), Err(ShipmentRefusal::HandedOver));
    }

    #[test]
    fn the_first_refusal_determines_the_reason() {
        assert_eq!(refused("full").refuse("other".to_owned()), Ok(Applied::Unchanged));
    }
}
