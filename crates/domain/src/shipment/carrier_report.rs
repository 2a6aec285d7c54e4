//! What a carrier can report about a shipment: a milestone, or an exception that needs a person.

use super::{DeliveryException, Milestone, ShipmentStatus};

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

/// A milestone, or an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    Milestone(Milestone),
    Exception(DeliveryException),
}

impl CarrierReport {
    pub const fn kind(self) -> ReportKind {
        match self {
            Self::HandedOver => ReportKind::Milestone(Milestone::HandedOver),
            Self::InTransit => ReportKind::Milestone(Milestone::InTransit),
            Self::Delivered => ReportKind::Milestone(Milestone::Delivered),
            Self::FailedAttempt => ReportKind::Exception(DeliveryException::FailedAttempt),
            Self::Lost => ReportKind::Exception(DeliveryException::Lost),
            Self::Damaged => ReportKind::Exception(DeliveryException::Damaged),
            Self::ReturnedToSender => ReportKind::Exception(DeliveryException::ReturnedToSender),
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
    fn every_report_has_the_name_of_its_milestone_or_exception() {
        for report in CarrierReport::iter() {
            let name: &str = match report.kind() {
                ReportKind::Milestone(milestone) => milestone.into(),
                ReportKind::Exception(exception) => exception.into(),
            };
            assert_eq!(name, <&str>::from(report));
        }
    }
}
