//! What a carrier can report about a shipment: a milestone, or an exception that needs a person.

use super::{Milestone, ShipmentStatus};

crate::string_enum! {
    /// Something that went wrong on the way.
    pub enum DeliveryException {
        /// Nobody was there to take it; the carrier tries again.
        FailedAttempt,
        Lost,
        Damaged,
        /// It is on its way back, or is back.
        ReturnedToSender,
    }
}

crate::string_enum! {
    pub enum CarrierReport {
        HandedOver,
        InTransit,
        Delivered,
        FailedAttempt,
        Lost,
        Damaged,
        ReturnedToSender,
    }
}

impl DeliveryException {
    /// Whether the shipment will not arrive as it was sent, so that it can be sent again or be closed.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Lost | Self::Damaged | Self::ReturnedToSender)
    }
}

impl CarrierReport {
    /// `None` for an exception.
    pub const fn milestone(self) -> Option<Milestone> {
        match self {
            Self::HandedOver => Some(Milestone::HandedOver),
            Self::InTransit => Some(Milestone::InTransit),
            Self::Delivered => Some(Milestone::Delivered),
            Self::FailedAttempt | Self::Lost | Self::Damaged | Self::ReturnedToSender => None,
        }
    }

    /// `None` for a milestone.
    pub const fn exception(self) -> Option<DeliveryException> {
        match self {
            Self::HandedOver | Self::InTransit | Self::Delivered => None,
            Self::FailedAttempt => Some(DeliveryException::FailedAttempt),
            Self::Lost => Some(DeliveryException::Lost),
            Self::Damaged => Some(DeliveryException::Damaged),
            Self::ReturnedToSender => Some(DeliveryException::ReturnedToSender),
        }
    }
}

impl From<Milestone> for CarrierReport {
    fn from(milestone: Milestone) -> Self {
        match milestone {
            Milestone::HandedOver => Self::HandedOver,
            Milestone::InTransit => Self::InTransit,
            Milestone::Delivered => Self::Delivered,
        }
    }
}

impl ShipmentStatus {
    /// `None` for the statuses before the hand-over.
    pub const fn milestone(self) -> Option<Milestone> {
        match self {
            Self::HandedOver => Some(Milestone::HandedOver),
            Self::InTransit => Some(Milestone::InTransit),
            Self::Delivered => Some(Milestone::Delivered),
            Self::Requested | Self::Booked | Self::Cancelled => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn every_report_is_either_a_milestone_or_an_exception_of_the_same_name() {
        for report in CarrierReport::iter() {
            let names = [report.milestone().map(<&str>::from), report.exception().map(<&str>::from)];
            assert_eq!(names.into_iter().flatten().collect::<Vec<_>>(), [<&str>::from(report)]);
        }
    }
}
