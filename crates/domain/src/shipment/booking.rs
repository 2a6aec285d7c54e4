//! How the booking of all shipments of one order stands.
//!
//! Asked for, a booking ends booked or refused. Called back, it is first `Cancelling`, a semantic lock: while the
//! carrier is asked, its shipments don't move. An order that was never booked is called back all the same, and its
//! booking is then a tombstone: a request to book that comes later is refused.

use super::{Shipment, ShipmentRefusal};
use crate::order::Applied;

#[derive(Debug, Clone, PartialEq, Eq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(BookingStatus),
    derive(Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "The state of a booking, as it is stored."
)]
pub enum Booking {
    /// The carrier has been asked, or is about to be.
    Requested,
    Booked,
    /// The carrier won't; whatever it had taken was called back.
    Refused {
        reason: String,
    },
    /// The carrier is asked to give everything back.
    Cancelling,
    Cancelled,
}

/// An answer came to a question that the booking has left behind: somebody else moved it meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the booking is {found} meanwhile")]
pub struct BookingMoved {
    pub found: BookingStatus,
}

type Transition = Result<Applied<Booking>, BookingMoved>;

impl Booking {
    /// Call back what it has, if the carrier has no shipment yet.
    pub fn cancel<'a>(
        self,
        mut shipments: impl Iterator<Item = &'a Shipment>,
    ) -> Result<Applied<Self>, ShipmentRefusal> {
        match self {
            Self::Booked if shipments.any(|shipment| matches!(shipment, Shipment::UnderWay { .. })) => {
                Err(ShipmentRefusal::HandedOver)
            }
            Self::Requested | Self::Booked => Ok(Applied::Now(Self::Cancelling)),
            Self::Cancelling | Self::Cancelled | Self::Refused { .. } => Ok(Applied::Already),
        }
    }

    /// The carrier takes every shipment.
    pub fn book(self) -> Transition {
        match self {
            Self::Requested => Ok(Applied::Now(Self::Booked)),
            Self::Booked => Ok(Applied::Already),
            Self::Refused { .. } | Self::Cancelling | Self::Cancelled => Err(self.moved()),
        }
    }

    /// The carrier refuses, and has given back what it had taken.
    pub fn refuse(self, reason: String) -> Transition {
        match self {
            Self::Requested => Ok(Applied::Now(Self::Refused { reason })),
            Self::Refused { .. } | Self::Cancelled => Ok(Applied::Already),
            Self::Booked | Self::Cancelling => Err(self.moved()),
        }
    }

    /// The carrier has given everything back.
    pub fn call_back(self) -> Transition {
        match self {
            Self::Cancelling => Ok(Applied::Now(Self::Cancelled)),
            Self::Refused { .. } | Self::Cancelled => Ok(Applied::Already),
            Self::Requested | Self::Booked => Err(self.moved()),
        }
    }

    /// The carrier has it already and will go on: as if it had never been called back.
    pub fn keep(self) -> Transition {
        match self {
            Self::Cancelling => Ok(Applied::Now(Self::Booked)),
            Self::Booked => Ok(Applied::Already),
            Self::Requested | Self::Refused { .. } | Self::Cancelled => Err(self.moved()),
        }
    }

    pub fn status(&self) -> BookingStatus {
        self.into()
    }

    fn moved(&self) -> BookingMoved {
        BookingMoved { found: self.status() }
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
        let waybill = Waybill { carrier: "test".to_owned(), tracking_number: "A".parse().unwrap(), promised_by: at };
        Shipment::UnderWay { waybill, milestone: Milestone::HandedOver, reached_at: at }
    }

    fn outcome<E: std::fmt::Debug>(transition: Result<Applied<Booking>, E>) -> String {
        match transition {
            Ok(Applied::Now(booking)) => format!(">{}", booking.status()),
            Ok(Applied::Already) => "=".to_owned(),
            Err(_moved) => "no".to_owned(),
        }
    }

    #[rstest]
    #[case::requested(Booking::Requested, [">cancelling", ">booked", ">refused", "no", "no"])]
    #[case::booked(Booking::Booked, [">cancelling", "=", "no", "no", "="])]
    #[case::refused(refused("full"), ["=", "no", "=", "=", "no"])]
    #[case::cancelling(Booking::Cancelling, ["=", "no", "no", ">cancelled", ">booked"])]
    #[case::cancelled(Booking::Cancelled, ["=", "no", "=", "=", "no"])]
    fn every_state_answers_every_event(#[case] booking: Booking, #[case] expected: [&str; 5]) {
        let outcomes = [
            outcome(booking.clone().cancel([Shipment::Requested].iter())),
            outcome(booking.clone().book()),
            outcome(booking.clone().refuse("other".to_owned())),
            outcome(booking.clone().call_back()),
            outcome(booking.keep()),
        ];

        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_booking_is_not_called_back_once_the_carrier_has_one_of_its_shipments() {
        let shipments = [Shipment::Requested, handed_over()];

        assert_eq!(Booking::Booked.cancel(shipments.iter()), Err(ShipmentRefusal::HandedOver));
    }

    #[test]
    fn the_first_refusal_names_the_reason() {
        assert_eq!(refused("full").refuse("other".to_owned()), Ok(Applied::Already));
    }
}
