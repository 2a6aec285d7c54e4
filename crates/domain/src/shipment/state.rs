//! One shipment: its states with their data, and the legal transitions between them.

use super::{CarrierName, ShipmentStatus, TrackingNumber, Transport};
use crate::Timestamp;
use crate::applied::Applied;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shipment {
    Requested,
    Booked(Waybill),
    /// Cancelled; with the waybill, if the carrier had issued one.
    Cancelled(Option<Waybill>),
    /// The carrier has it. It can't be cancelled any more.
    UnderWay {
        waybill: Waybill,
        milestone: Milestone,
        reached_at: Timestamp,
    },
}

/// What a carrier returns when it accepts a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waybill {
    /// The carrier that the shipment is booked with, by its name in the settings.
    pub carrier: String,
    pub tracking_number: TrackingNumber,
    pub promised_by: Timestamp,
    /// The company that transports it. `None` unless a person entered it, together with the tracking number.
    pub carrier_name: Option<CarrierName>,
}

crate::string_enum! {
    /// The progress that a carrier reports; later milestones are greater.
    #[derive(PartialOrd, Ord)]
    pub enum Milestone {
        HandedOver,
        InTransit,
        Delivered,
    }
}

/// Why a transition of a shipment is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipmentRefusal {
    #[error("the carrier has not booked this shipment yet")]
    NotBooked,
    #[error("this shipment is being cancelled")]
    BeingCancelled,
    #[error("this shipment is being changed or cancelled; repeat the request when it is")]
    BeingChanged,
    #[error("this shipment is cancelled")]
    Cancelled,
    #[error("the carrier already has this shipment")]
    HandedOver,
    #[error("this shipment has no tracking number yet; enter its carrier and tracking number first")]
    NoTrackingNumber,
    #[error("the carrier of this shipment issues its tracking numbers itself")]
    TrackedByCarrier,
}

type ShipmentResult = Result<Applied<Shipment>, ShipmentRefusal>;

impl Shipment {
    /// The carrier has accepted the booking. A repeated booking may return another waybill: the newest one counts,
    /// unless a person has entered a tracking number since.
    pub fn book(self, waybill: Waybill) -> ShipmentResult {
        match self {
            Self::Requested => Ok(Applied::Changed(Self::Booked(waybill))),
            Self::Booked(known) if known == waybill || known.carrier_name.is_some() => Ok(Applied::Unchanged),
            Self::Booked(_replaced) => Ok(Applied::Changed(Self::Booked(waybill))),
            Self::UnderWay { .. } => Ok(Applied::Unchanged),
            Self::Cancelled(_) => Err(ShipmentRefusal::Cancelled),
        }
    }

    /// A person enters the company that transports it and its tracking number there, which is possible until the
    /// hand-over. The last entry counts.
    pub fn enter_tracking(self, carrier_name: CarrierName, tracking_number: TrackingNumber) -> ShipmentResult {
        match self {
            Self::Requested => Err(ShipmentRefusal::NotBooked),
            Self::Cancelled(_) => Err(ShipmentRefusal::Cancelled),
            Self::UnderWay { .. } => Err(ShipmentRefusal::HandedOver),
            Self::Booked(known) => {
                let entered = Waybill { carrier_name: Some(carrier_name), tracking_number, ..known.clone() };
                Ok(if entered == known { Applied::Unchanged } else { Applied::Changed(Self::Booked(entered)) })
            }
        }
    }

    /// Cancels it, which is possible until the hand-over.
    pub fn cancel(self) -> ShipmentResult {
        match self {
            Self::Requested => Ok(Applied::Changed(Self::Cancelled(None))),
            Self::Booked(waybill) => Ok(Applied::Changed(Self::Cancelled(Some(waybill)))),
            Self::Cancelled(_) => Ok(Applied::Unchanged),
            Self::UnderWay { .. } => Err(ShipmentRefusal::HandedOver),
        }
    }

    /// Applies a report of the carrier. Reports may be duplicated, late, out of order or missing: the furthest
    /// milestone counts, and the status never moves back.
    pub fn report(self, milestone: Milestone, at: Timestamp) -> ShipmentResult {
        match self {
            Self::Requested => Err(ShipmentRefusal::NotBooked),
            Self::Cancelled(_) => Err(ShipmentRefusal::Cancelled),
            Self::UnderWay { milestone: reached, .. } if milestone <= reached => Ok(Applied::Unchanged),
            Self::Booked(waybill) | Self::UnderWay { waybill, .. } => {
                Ok(Applied::Changed(Self::UnderWay { waybill, milestone, reached_at: at }))
            }
        }
    }

    /// The milestone that follows when nothing goes wrong.
    pub fn next_milestone(&self) -> Option<Milestone> {
        match self {
            Self::Booked(_) => Some(Milestone::HandedOver),
            Self::UnderWay { milestone: Milestone::HandedOver, .. } => Some(Milestone::InTransit),
            Self::UnderWay { milestone: Milestone::InTransit, .. } => Some(Milestone::Delivered),
            Self::Requested | Self::Cancelled(_) | Self::UnderWay { milestone: Milestone::Delivered, .. } => None,
        }
    }

    pub fn status(&self) -> ShipmentStatus {
        match self {
            Self::Requested => ShipmentStatus::Requested,
            Self::Booked(_) => ShipmentStatus::Booked,
            Self::Cancelled(_) => ShipmentStatus::Cancelled,
            Self::UnderWay { milestone, .. } => (*milestone).into(),
        }
    }

    pub fn waybill(&self) -> Option<&Waybill> {
        match self {
            Self::Requested => None,
            Self::Cancelled(waybill) => waybill.as_ref(),
            Self::Booked(waybill) | Self::UnderWay { waybill, .. } => Some(waybill),
        }
    }
}

impl Waybill {
    /// The company that transports the shipment and its tracking number there, if a person entered them.
    pub fn transport(&self) -> Option<Transport> {
        let carrier = self.carrier_name.as_ref()?.to_string();
        Some(Transport { carrier, tracking_number: self.tracking_number.to_string() })
    }
}

impl From<Milestone> for ShipmentStatus {
    fn from(milestone: Milestone) -> Self {
        match milestone {
            Milestone::HandedOver => Self::HandedOver,
            Milestone::InTransit => Self::InTransit,
            Milestone::Delivered => Self::Delivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    fn waybill(number: &str) -> Waybill {
        let tracking_number = number.parse().unwrap();
        Waybill { carrier: "test".to_owned(), tracking_number, promised_by: at(9), carrier_name: None }
    }

    fn truck() -> CarrierName {
        "Truck".parse().unwrap()
    }

    fn entered(number: &str) -> Waybill {
        Waybill { carrier_name: Some(truck()), ..waybill(number) }
    }

    fn under_way(milestone: Milestone) -> Shipment {
        Shipment::UnderWay { waybill: waybill("A"), milestone, reached_at: at(1) }
    }

    /// The state for a letter of the table below.
    fn state(letter: char) -> Shipment {
        match letter {
            'r' => Shipment::Requested,
            'b' => Shipment::Booked(waybill("A")),
            'e' => Shipment::Booked(entered("B")),
            'c' => Shipment::Cancelled(None),
            'C' => Shipment::Cancelled(Some(waybill("A"))),
            'h' => under_way(Milestone::HandedOver),
            't' => under_way(Milestone::InTransit),
            'd' => under_way(Milestone::Delivered),
            _ => unreachable!("a letter of the table"),
        }
    }

    /// The result of an event: the new state (`>`), no change (`=`), or the refusal.
    fn outcome(result: ShipmentResult) -> String {
        let letter = |shipment: &Shipment| match shipment.status() {
            ShipmentStatus::Requested => 'r',
            ShipmentStatus::Booked => 'b',
            ShipmentStatus::Cancelled => 'c',
            ShipmentStatus::HandedOver => 'h',
            ShipmentStatus::InTransit => 't',
            ShipmentStatus::Delivered => 'd',
        };
        match result {
            Ok(Applied::Changed(shipment)) => format!(">{}", letter(&shipment)),
            Ok(Applied::Unchanged) => "=".to_owned(),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    #[rstest]
    //     state  book         enter tracking  cancel        handed over   in transit    delivered
    #[case('r', [">b",        "NotBooked",  ">c",         "NotBooked",  "NotBooked",  "NotBooked"])]
    #[case('b', ["=",        ">b",         ">c",         ">h",         ">t",         ">d"])]
    #[case('e', ["=",        "=",         ">c",         ">h",         ">t",         ">d"])]
    #[case('c', ["Cancelled", "Cancelled",  "=",         "Cancelled",  "Cancelled",  "Cancelled"])]
    #[case('C', ["Cancelled", "Cancelled",  "=",         "Cancelled",  "Cancelled",  "Cancelled"])]
    #[case('h', ["=",        "HandedOver", "HandedOver", "=",         ">t",         ">d"])]
    #[case('t', ["=",        "HandedOver", "HandedOver", "=",         "=",         ">d"])]
    #[case('d', ["=",        "HandedOver", "HandedOver", "=",         "=",         "="])]
    fn every_state_handles_every_event(#[case] from: char, #[case] expected: [&str; 6]) {
        let shipment = state(from);

        let outcomes = [
            outcome(shipment.clone().book(waybill("A"))),
            outcome(shipment.clone().enter_tracking(truck(), "B".parse().unwrap())),
            outcome(shipment.clone().cancel()),
            outcome(shipment.clone().report(Milestone::HandedOver, at(2))),
            outcome(shipment.clone().report(Milestone::InTransit, at(2))),
            outcome(shipment.report(Milestone::Delivered, at(2))),
        ];

        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_repeated_booking_may_return_another_waybill() {
        let rebooked = state('b').book(waybill("B")).unwrap();

        assert_eq!(rebooked, Applied::Changed(Shipment::Booked(waybill("B"))));
    }

    #[test]
    fn the_last_entered_tracking_number_counts_and_a_repeated_booking_keeps_it() {
        let corrected = state('e').enter_tracking(truck(), "C".parse().unwrap()).unwrap().unwrap_or(state('e'));

        assert_eq!(corrected, Shipment::Booked(entered("C")));
        assert_eq!(corrected.book(waybill("A")), Ok(Applied::Unchanged));
    }

    #[test]
    fn a_waybill_names_its_transport_once_a_person_has_entered_it() {
        let transport = Transport { carrier: "Truck".to_owned(), tracking_number: "B".to_owned() };

        assert_eq!([waybill("A").transport(), entered("B").transport()], [None, Some(transport)]);
    }

    #[test]
    fn a_cancelled_shipment_keeps_its_waybill() {
        let cancelled = state('b').cancel().unwrap().unwrap_or(state('b'));

        assert_eq!(cancelled.waybill(), Some(&waybill("A")));
    }

    #[test]
    fn the_next_milestones_lead_to_delivered_in_three_steps() {
        let mut shipment = state('b');
        let mut reported = Vec::new();

        while let Some(milestone) = shipment.next_milestone() {
            reported.push(milestone);
            shipment = shipment.clone().report(milestone, at(2)).unwrap().unwrap_or(shipment);
        }

        assert_eq!(reported, [Milestone::HandedOver, Milestone::InTransit, Milestone::Delivered]);
    }

    proptest! {
        #[test]
        fn reports_in_any_order_end_in_the_same_status(
            (first, second) in proptest::collection::vec((0_usize..3, 0_i64..5), 1..12)
                .prop_flat_map(|events| (Just(events.clone()).prop_shuffle(), with_duplicates(events))),
        ) {
            let furthest = first.iter().map(|(milestone, _)| *milestone).max().unwrap();
            prop_assert_eq!(after(&first).status(), after(&second).status());
            prop_assert_eq!(after(&first).status(), MILESTONES[furthest].into());
        }

        #[test]
        fn no_report_moves_a_shipment_back(events in proptest::collection::vec((0_usize..3, 0_i64..5), 1..12)) {
            let mut statuses = vec![ShipmentStatus::Booked];
            for length in 1..=events.len() {
                statuses.push(after(&events[..length]).status());
            }
            prop_assert!(statuses.is_sorted());
        }
    }

    const MILESTONES: [Milestone; 3] = [Milestone::HandedOver, Milestone::InTransit, Milestone::Delivered];

    fn after(events: &[(usize, i64)]) -> Shipment {
        let report = |shipment: Shipment, (milestone, second): &(usize, i64)| {
            shipment.clone().report(MILESTONES[*milestone], at(*second)).unwrap().unwrap_or(shipment)
        };
        events.iter().fold(state('b'), report)
    }

    fn with_duplicates(events: Vec<(usize, i64)>) -> impl Strategy<Value = Vec<(usize, i64)>> {
        let repeats = proptest::collection::vec(0..events.len(), 0..8);
        repeats.prop_flat_map(move |again| {
            let mut all = events.clone();
            all.extend(again.into_iter().map(|index| events[index]));
            Just(all).prop_shuffle()
        })
    }
}
