//! The booking of all shipments of one order.
//!
//! A requested booking ends booked or refused. A cancelled one is first `Cancelling`, a semantic lock: its shipments
//! don't change until the carrier has responded. So is `Amending`, while one shipment is replaced. An order that was never booked can be cancelled, too. Its booking is
//! then a tombstone, which refuses a later request to book.

use super::{Shipment, ShipmentRefusal};
use crate::applied::Applied;
use crate::ids::ShipmentId;

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
    /// The carrier is being called to replace this shipment, or to cancel it alone.
    Amending {
        shipment: ShipmentId,
    },
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
            // The saga does not cancel an order while it amends one of its shipments.
            Self::Amending { .. } => Err(ShipmentRefusal::BeingChanged),
            Self::Cancelling | Self::Cancelled | Self::Refused { .. } => Ok(Applied::Unchanged),
        }
    }

    /// Starts to replace the shipment, unless it is handed over or cancelled already.
    pub fn begin_amending(self, id: ShipmentId, shipment: &Shipment) -> Result<Applied<Self>, ShipmentRefusal> {
        match (self, shipment) {
            (Self::Booked, Shipment::Booked(_)) => Ok(Applied::Changed(Self::Amending { shipment: id })),
            (Self::Amending { shipment }, _) if shipment == id => Ok(Applied::Unchanged),
            (Self::Booked, Shipment::UnderWay { .. }) => Err(ShipmentRefusal::HandedOver),
            (Self::Amending { .. }, _) => Err(ShipmentRefusal::BeingChanged),
            (Self::Cancelling, _) => Err(ShipmentRefusal::BeingCancelled),
            (Self::Booked, Shipment::Cancelled(_)) | (Self::Cancelled | Self::Refused { .. }, _) => {
                Err(ShipmentRefusal::Cancelled)
            }
            (Self::Requested, _) | (Self::Booked, Shipment::Requested) => Err(ShipmentRefusal::NotBooked),
        }
    }

    /// The carrier has replaced the shipment `id`, or left it as it is. A booking without another shipment is cancelled.
    pub fn finish_amending(self, id: ShipmentId, has_shipments: bool) -> BookingResult {
        match self {
            Self::Amending { shipment } if shipment == id => {
                Ok(Applied::Changed(if has_shipments { Self::Booked } else { Self::Cancelled }))
            }
            Self::Booked | Self::Cancelled => Ok(Applied::Unchanged),
            Self::Requested | Self::Refused { .. } | Self::Cancelling | Self::Amending { .. } => Err(self.changed()),
        }
    }

    /// The carrier has accepted every shipment.
    pub fn book(self) -> BookingResult {
        match self {
            Self::Requested => Ok(Applied::Changed(Self::Booked)),
            Self::Booked | Self::Amending { .. } => Ok(Applied::Unchanged),
            Self::Refused { .. } | Self::Cancelling | Self::Cancelled => Err(self.changed()),
        }
    }

    /// The carrier has refused a shipment, and cancelled those that it had accepted.
    pub fn refuse(self, reason: String) -> BookingResult {
        match self {
            Self::Requested => Ok(Applied::Changed(Self::Refused { reason })),
            Self::Refused { .. } | Self::Cancelled => Ok(Applied::Unchanged),
            Self::Booked | Self::Cancelling | Self::Amending { .. } => Err(self.changed()),
        }
    }

    /// The carrier has cancelled every shipment.
    pub fn finish_cancelling(self) -> BookingResult {
        match self {
            Self::Cancelling => Ok(Applied::Changed(Self::Cancelled)),
            Self::Refused { .. } | Self::Cancelled => Ok(Applied::Unchanged),
            Self::Requested | Self::Booked | Self::Amending { .. } => Err(self.changed()),
        }
    }

    /// The carrier already has a shipment and delivers: the booking is booked again.
    pub fn resume_booked(self) -> BookingResult {
        match self {
            Self::Cancelling => Ok(Applied::Changed(Self::Booked)),
            Self::Booked | Self::Amending { .. } => Ok(Applied::Unchanged),
            Self::Requested | Self::Refused { .. } | Self::Cancelled => Err(self.changed()),
        }
    }

    /// Whether the carrier is being called, so that the shipments must not change.
    pub const fn is_locked(&self) -> bool {
        matches!(self, Self::Cancelling | Self::Amending { .. })
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

    fn shipment(number: u128) -> ShipmentId {
        ShipmentId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn waybill() -> Waybill {
        let at = Timestamp::from_timestamp(0, 0).unwrap();
        let (carrier, tracking_number) = ("test".to_owned(), "A".parse().unwrap());
        Waybill { carrier, tracking_number, promised_by: at, carrier_name: None }
    }

    fn booked() -> Shipment {
        Shipment::Booked(waybill())
    }

    fn handed_over() -> Shipment {
        let reached_at = Timestamp::from_timestamp(0, 0).unwrap();
        Shipment::UnderWay { waybill: waybill(), milestone: Milestone::HandedOver, reached_at }
    }

    fn outcome<E: std::fmt::Debug>(result: Result<Applied<Booking>, E>) -> String {
        match result {
            Ok(Applied::Changed(booking)) => format!(">{}", booking.status()),
            Ok(Applied::Unchanged) => "=".to_owned(),
            Err(_changed) => "no".to_owned(),
        }
    }

    #[rstest]
    #[case::requested(Booking::Requested, [">cancelling", ">booked", ">refused", "no", "no", "no", "no"])]
    #[case::booked(Booking::Booked, [">cancelling", "=", "no", "no", "=", ">amending", "="])]
    #[case::refused(refused("full"), ["=", "no", "=", "=", "no", "no", "no"])]
    #[case::cancelling(Booking::Cancelling, ["=", "no", "no", ">cancelled", ">booked", "no", "no"])]
    #[case::cancelled(Booking::Cancelled, ["=", "no", "=", "=", "no", "no", "="])]
    #[case::amending(Booking::Amending { shipment: shipment(1) }, ["no", "=", "no", "no", "=", "=", ">booked"])]
    #[case::amending_another(Booking::Amending { shipment: shipment(2) }, ["no", "=", "no", "no", "=", "no", "no"])]
    fn every_state_handles_every_event(#[case] booking: Booking, #[case] expected: [&str; 7]) {
        let outcomes = [
            outcome(booking.clone().begin_cancelling([Shipment::Requested].iter())),
            outcome(booking.clone().book()),
            outcome(booking.clone().refuse("other".to_owned())),
            outcome(booking.clone().finish_cancelling()),
            outcome(booking.clone().resume_booked()),
            outcome(booking.clone().begin_amending(shipment(1), &booked())),
            outcome(booking.finish_amending(shipment(1), true)),
        ];

        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_booking_is_not_cancelled_once_the_carrier_has_one_of_its_shipments() {
        let shipments = [Shipment::Requested, handed_over()];

        assert_eq!(Booking::Booked.begin_cancelling(shipments.iter()), Err(ShipmentRefusal::HandedOver));
    }

    #[test]
    fn a_shipment_is_not_amended_once_the_carrier_has_it_or_it_is_cancelled() {
        let begin = |state| Booking::Booked.begin_amending(shipment(1), &state);

        assert_eq!(begin(handed_over()), Err(ShipmentRefusal::HandedOver));
        assert_eq!(begin(Shipment::Cancelled(None)), Err(ShipmentRefusal::Cancelled));
    }

    #[test]
    fn a_booking_whose_last_shipment_is_cancelled_by_an_amendment_is_cancelled() {
        let amending = Booking::Amending { shipment: shipment(1) };

        assert_eq!(amending.finish_amending(shipment(1), false), Ok(Applied::Changed(Booking::Cancelled)));
    }

    #[test]
    fn the_first_refusal_determines_the_reason() {
        assert_eq!(refused("full").refuse("other".to_owned()), Ok(Applied::Unchanged));
    }
}
