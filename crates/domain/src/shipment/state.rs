//! One shipment: where it stands with what is known there, and the only ways on.

use super::{ShipmentStatus, TrackingNumber};
use crate::Timestamp;
use crate::order::Applied;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shipment {
    Requested,
    Booked(Waybill),
    /// Called back; the waybill, if the carrier had given one.
    Cancelled(Option<Waybill>),
    /// The carrier has it: from here only forward.
    UnderWay {
        waybill: Waybill,
        milestone: Milestone,
        reached_at: Timestamp,
    },
}

/// What a carrier promises when it takes a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waybill {
    pub carrier: String,
    pub tracking_number: TrackingNumber,
    pub promised_by: Timestamp,
}

/// What a carrier reports of a shipment; later ones are greater.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Milestone {
    HandedOver,
    InTransit,
    Delivered,
}

/// Why a shipment can't do what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipmentRefusal {
    #[error("the carrier has not booked this shipment yet")]
    NotBooked,
    #[error("this shipment is being cancelled")]
    BeingCalledBack,
    #[error("this shipment is cancelled")]
    Cancelled,
    #[error("the carrier already has this shipment")]
    HandedOver,
}

type Transition = Result<Applied<Shipment>, ShipmentRefusal>;

impl Shipment {
    /// The carrier will come for it. A carrier that is asked again may give another waybill: the newest counts.
    pub fn book(self, waybill: Waybill) -> Transition {
        match self {
            Self::Requested => Ok(Applied::Now(Self::Booked(waybill))),
            Self::Booked(known) if known == waybill => Ok(Applied::Already),
            Self::Booked(_replaced) => Ok(Applied::Now(Self::Booked(waybill))),
            Self::UnderWay { .. } => Ok(Applied::Already),
            Self::Cancelled(_) => Err(ShipmentRefusal::Cancelled),
        }
    }

    /// Called back, which is possible until the carrier has it.
    pub fn cancel(self) -> Transition {
        match self {
            Self::Requested => Ok(Applied::Now(Self::Cancelled(None))),
            Self::Booked(waybill) => Ok(Applied::Now(Self::Cancelled(Some(waybill)))),
            Self::Cancelled(_) => Ok(Applied::Already),
            Self::UnderWay { .. } => Err(ShipmentRefusal::HandedOver),
        }
    }

    /// The carrier reports how far it is. Reports come twice, late, out of order, or not at all: the furthest
    /// milestone counts, and nothing moves back.
    pub fn report(self, milestone: Milestone, at: Timestamp) -> Transition {
        match self {
            Self::Requested => Err(ShipmentRefusal::NotBooked),
            Self::Cancelled(_) => Err(ShipmentRefusal::Cancelled),
            Self::UnderWay { milestone: reached, .. } if milestone <= reached => Ok(Applied::Already),
            Self::Booked(waybill) | Self::UnderWay { waybill, .. } => {
                Ok(Applied::Now(Self::UnderWay { waybill, milestone, reached_at: at }))
            }
        }
    }

    /// What an undisturbed shipment reports next.
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
        Waybill { carrier: "test".to_owned(), tracking_number: number.parse().unwrap(), promised_by: at(9) }
    }

    fn under_way(milestone: Milestone) -> Shipment {
        Shipment::UnderWay { waybill: waybill("A"), milestone, reached_at: at(1) }
    }

    /// Every state, by the letter that the tables below use.
    fn state(letter: char) -> Shipment {
        match letter {
            'r' => Shipment::Requested,
            'b' => Shipment::Booked(waybill("A")),
            'c' => Shipment::Cancelled(None),
            'C' => Shipment::Cancelled(Some(waybill("A"))),
            'h' => under_way(Milestone::HandedOver),
            't' => under_way(Milestone::InTransit),
            'd' => under_way(Milestone::Delivered),
            _ => unreachable!("a letter of the table"),
        }
    }

    /// What came of an event: where to (`>`), that it changed nothing (`=`), or why not.
    fn outcome(transition: Transition) -> String {
        let letter = |shipment: &Shipment| match shipment.status() {
            ShipmentStatus::Requested => 'r',
            ShipmentStatus::Booked => 'b',
            ShipmentStatus::Cancelled => 'c',
            ShipmentStatus::HandedOver => 'h',
            ShipmentStatus::InTransit => 't',
            ShipmentStatus::Delivered => 'd',
        };
        match transition {
            Ok(Applied::Now(shipment)) => format!(">{}", letter(&shipment)),
            Ok(Applied::Already) => "=".to_owned(),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    #[rstest]
    //     state  book         cancel        handed over   in transit    delivered
    #[case('r', [">b",        ">c",         "NotBooked",  "NotBooked",  "NotBooked"])]
    #[case('b', ["=",        ">c",         ">h",         ">t",         ">d"])]
    #[case('c', ["Cancelled", "=",         "Cancelled",  "Cancelled",  "Cancelled"])]
    #[case('C', ["Cancelled", "=",         "Cancelled",  "Cancelled",  "Cancelled"])]
    #[case('h', ["=",        "HandedOver", "=",         ">t",         ">d"])]
    #[case('t', ["=",        "HandedOver", "=",         "=",         ">d"])]
    #[case('d', ["=",        "HandedOver", "=",         "=",         "="])]
    fn every_state_answers_every_event(#[case] from: char, #[case] expected: [&str; 5]) {
        let shipment = state(from);

        let outcomes = [
            outcome(shipment.clone().book(waybill("A"))),
            outcome(shipment.clone().cancel()),
            outcome(shipment.clone().report(Milestone::HandedOver, at(2))),
            outcome(shipment.clone().report(Milestone::InTransit, at(2))),
            outcome(shipment.report(Milestone::Delivered, at(2))),
        ];

        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_carrier_that_is_asked_again_may_give_another_waybill() {
        let rebooked = state('b').book(waybill("B")).unwrap();

        assert_eq!(rebooked, Applied::Now(Shipment::Booked(waybill("B"))));
    }

    #[test]
    fn a_called_back_shipment_keeps_its_waybill() {
        let cancelled = state('b').cancel().unwrap().unwrap_or(state('b'));

        assert_eq!(cancelled.waybill(), Some(&waybill("A")));
    }

    #[test]
    fn an_undisturbed_shipment_is_delivered_in_three_steps() {
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
        fn reports_end_in_one_status_in_whatever_order_they_come(
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
